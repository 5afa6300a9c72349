// The tables of the sample shop: one of each kind of column and key that a backup can get wrong.

/** Statements that make the empty schema; they read the same on MySQL and MariaDB. */
export function shopTables(schema: string): string[] {
  return [
    `CREATE DATABASE ${schema} CHARACTER SET utf8mb4`,
    `USE ${schema}`,
    `CREATE TABLE countries (
      code CHAR(2) CHARACTER SET ascii NOT NULL PRIMARY KEY,
      name VARCHAR(60) NOT NULL
    ) COMMENT 'ISO 3166'`,
    `CREATE TABLE customers (
      id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      public_id BINARY(16) NOT NULL,
      email VARCHAR(120) NOT NULL,
      name VARCHAR(80) NOT NULL,
      country CHAR(2) CHARACTER SET ascii NOT NULL,
      born DATE NULL,
      status ENUM('new', 'active', 'blocked') NOT NULL DEFAULT 'new',
      interests SET('books', 'music', 'garden', 'tools') NOT NULL DEFAULT '',
      profile JSON NULL,
      flags BIT(8) NOT NULL DEFAULT b'0',
      score FLOAT NULL,
      created_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      email_domain VARCHAR(120) GENERATED ALWAYS AS (SUBSTRING_INDEX(email, '@', -1)) VIRTUAL,
      internal_note VARCHAR(40) DEFAULT 'none' INVISIBLE,
      UNIQUE KEY by_email (email),
      UNIQUE KEY by_public_id (public_id),
      KEY by_domain (email_domain),
      CONSTRAINT customer_country FOREIGN KEY (country) REFERENCES countries (code)
    )`,
    `CREATE TABLE addresses (
      id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      customer_id INT UNSIGNED NOT NULL,
      street VARCHAR(100) NOT NULL,
      place POINT NOT NULL,
      KEY by_customer (customer_id),
      CONSTRAINT address_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
    )`,
    `CREATE TABLE categories (
      id SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
      parent_id SMALLINT UNSIGNED NULL,
      name VARCHAR(40) NOT NULL,
      CONSTRAINT category_parent FOREIGN KEY (parent_id) REFERENCES categories (id)
    )`,
    `CREATE TABLE products (
      id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      sku VARCHAR(20) CHARACTER SET latin1 NOT NULL,
      category_id SMALLINT UNSIGNED NOT NULL,
      name VARCHAR(100) NOT NULL,
      price DECIMAL(10, 2) NOT NULL,
      price_gross DECIMAL(12, 2) GENERATED ALWAYS AS (ROUND(price * 1.19, 2)) STORED,
      weight_kg DOUBLE NULL,
      attributes JSON NOT NULL,
      colour VARCHAR(20) GENERATED ALWAYS AS (JSON_UNQUOTE(JSON_EXTRACT(attributes, '$.colour'))) VIRTUAL,
      stock INT NOT NULL DEFAULT 0,
      year_made YEAR NULL,
      UNIQUE KEY by_sku (sku),
      KEY by_colour (colour),
      CONSTRAINT product_category FOREIGN KEY (category_id) REFERENCES categories (id),
      CONSTRAINT price_is_positive CHECK (price > 0)
    )`,
    `CREATE TABLE product_images (
      product_id INT UNSIGNED NOT NULL PRIMARY KEY,
      image MEDIUMBLOB NOT NULL,
      caption TEXT NULL,
      CONSTRAINT image_product FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE
    )`,
    `CREATE TABLE orders (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      customer_id INT UNSIGNED NOT NULL,
      status ENUM('open', 'paid', 'sent', 'returned') NOT NULL DEFAULT 'open',
      placed_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      delivery_window TIME(3) NULL,
      note TEXT NULL,
      KEY by_customer (customer_id, placed_at),
      CONSTRAINT order_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
    )`,
    // CASCADE, so that a DELETE without WHERE takes the lines with it. InnoDB of MariaDB cascades below the binary
    // log: the log names only the orders, and only a restore brings the lines back.
    `CREATE TABLE order_items (
      order_id BIGINT UNSIGNED NOT NULL,
      line_no TINYINT UNSIGNED NOT NULL,
      product_id INT UNSIGNED NOT NULL,
      quantity SMALLINT NOT NULL,
      price DECIMAL(10, 2) NOT NULL,
      line_total DECIMAL(14, 2) GENERATED ALWAYS AS (quantity * price) STORED,
      PRIMARY KEY (order_id, line_no),
      KEY by_product (product_id),
      CONSTRAINT item_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
      CONSTRAINT item_product FOREIGN KEY (product_id) REFERENCES products (id)
    )`,
    // Payments outlive the orders they were for, so nothing ties them together but the number.
    `CREATE TABLE payments (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      order_id BIGINT UNSIGNED NOT NULL,
      amount DECIMAL(14, 2) NOT NULL,
      paid_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      KEY by_order (order_id)
    )`,
    // No key at all: rows that only their whole content tells apart.
    `CREATE TABLE page_views (
      seen_at DATETIME(3) NOT NULL,
      path VARCHAR(200) NOT NULL,
      agent VARBINARY(64) NULL
    )`,
    `CREATE TABLE order_history (
      id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      order_id BIGINT UNSIGNED NOT NULL,
      what VARCHAR(40) NOT NULL
    )`,
    `CREATE TABLE \`gift notes ♥\` (
      id INT NOT NULL PRIMARY KEY,
      \`what's "said"\` VARCHAR(200) NOT NULL
    )`,
  ]
}
