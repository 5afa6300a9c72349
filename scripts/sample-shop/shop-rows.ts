// The rows of the sample shop, made by the server itself in a few statements; the same on every run.

export interface ShopSize {
  /** All other tables grow with it; 50,000 orders make 280,000 rows. */
  readonly orders: number
}

/** Statements that fill the tables of shop-tables.ts; run them on one connection with the schema selected. */
export function shopRows({ orders }: ShopSize): string[] {
  const customers = Math.max(10, Math.round(orders * 0.4))
  const products = Math.max(10, Math.round(orders * 0.08))
  const images = Math.max(2, Math.round(orders * 0.008))
  const payments = Math.round(orders * 0.8)
  const views = Math.round(orders * 0.4)
  return [
    "SET time_zone = '+00:00'",
    ...numbersUpTo(Math.max(orders, customers)),
    `INSERT INTO countries VALUES ('DE', 'Deutschland'), ('FR', 'France'), ('JP', '日本'), ('BR', 'Brasil'),
      ('IN', 'भारत'), ('US', 'United States'), ('GB', 'United Kingdom'), ('IS', 'Ísland')`,
    `INSERT INTO customers (id, public_id, email, name, country, born, status, interests, profile, flags, score,
        created_at, internal_note)
      SELECT n, UNHEX(LEFT(SHA2(CONCAT('customer', n), 256), 32)), CONCAT('c', n, '@example', n % 7, '.com'),
        CONCAT(ELT(1 + n % 6, 'Ada', 'Björk', 'Chloé', 'Dmitri', '江戸', 'Émile 🙂'), ' ', n),
        ELT(1 + n % 8, 'DE', 'FR', 'JP', 'BR', 'IN', 'US', 'GB', 'IS'),
        IF(n % 10 = 0, NULL, DATE '1940-01-01' + INTERVAL n % 25000 DAY), 1 + n % 3, n % 16,
        IF(n % 5 = 0, NULL, JSON_OBJECT('newsletter', n % 2 = 0, 'visits', n % 97, 'tags', JSON_ARRAY('a"b', n % 3))),
        n % 256, IF(n % 11 = 0, NULL, n / 7), TIMESTAMP '2024-01-01 00:00:00' + INTERVAL n * 1733 SECOND,
        IF(n % 9 = 0, NULL, CONCAT('note ', n))
      FROM numbers WHERE n BETWEEN 1 AND ${customers}`,
    `INSERT INTO addresses (id, customer_id, street, place)
      SELECT n, n, CONCAT(n % 300, ' Straße ', CHAR(65 + n % 26)),
        ST_GeomFromText(CONCAT('POINT(', n % 180, ' ', n % 90, ')'))
      FROM numbers WHERE n BETWEEN 1 AND ${customers}`,
    `INSERT INTO categories SELECT n, IF(n <= 5, NULL, 1 + n % 5), CONCAT('category ', n)
      FROM numbers WHERE n BETWEEN 1 AND 40 ORDER BY n`,
    `INSERT INTO products (id, sku, category_id, name, price, weight_kg, attributes, stock, year_made)
      SELECT n, CONCAT('SKU-', LPAD(n, 8, '0')), 1 + n % 40, CONCAT('Thing №', n), 0.99 + n % 500 + (n % 100) / 100,
        IF(n % 4 = 0, NULL, n / 3), JSON_OBJECT('colour', ELT(1 + n % 4, 'red', 'blau', 'vert', '青'), 'size', n % 12),
        100000 + n % 50, IF(n % 6 = 0, NULL, 1990 + n % 35)
      FROM numbers WHERE n BETWEEN 1 AND ${products}`,
    // 2 KiB to 16 KiB of bytes of every value: zero, quote, backslash, newline and 0xFF among them.
    `INSERT INTO product_images
      SELECT n, REPEAT(UNHEX(SHA2(CONCAT('image', n), 256)), 64 + 64 * (n % 8)), IF(n % 3 = 0, NULL, CONCAT('tab\\tline\\n', n))
      FROM numbers WHERE n BETWEEN 1 AND ${images}`,
    `INSERT INTO orders (id, customer_id, status, placed_at, delivery_window, note)
      SELECT n, 1 + CRC32(n) % ${customers}, 1 + n % 4,
        TIMESTAMP '2025-01-01 00:00:00' + INTERVAL n * 631123457 MICROSECOND,
        IF(n % 5 = 0, NULL, SEC_TO_TIME(n % 86400)), IF(n % 20 = 0, CONCAT('please ring twice; it''s n° ', n), NULL)
      FROM numbers WHERE n BETWEEN 1 AND ${orders}`,
    `INSERT INTO order_items (order_id, line_no, product_id, quantity, price)
      SELECT o.n, l.n, 1 + CRC32(o.n * 5 + l.n) % ${products}, 1 + (o.n + l.n) % 9, 0.99 + (o.n * l.n) % 400
      FROM numbers o JOIN (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) l
        ON l.n <= 1 + o.n % 4 WHERE o.n BETWEEN 1 AND ${orders} ORDER BY o.n, l.n`,
    `INSERT INTO payments (id, order_id, amount, paid_at)
      SELECT n, n, 10 + n % 700, TIMESTAMP '2025-01-01 12:00:00' + INTERVAL n * 631 SECOND
      FROM numbers WHERE n BETWEEN 1 AND ${payments}`,
    `INSERT INTO page_views
      SELECT TIMESTAMP '2026-01-01 00:00:00' + INTERVAL n * 1001000 MICROSECOND, CONCAT('/product/', n % 500),
        IF(n % 7 = 0, NULL, UNHEX(SHA2(n % 13, 256)))
      FROM numbers WHERE n BETWEEN 1 AND ${views}`,
    `INSERT INTO \`gift notes ♥\` VALUES (1, 'für Ömer\\\\'), (2, ''), (3, 'NULL'), (4, '\\\\N')`,
    'DROP TABLE numbers',
  ]
}

/** A table of the numbers 1 to at least `last`: each statement doubles it, on any server, without a recursion limit. */
function numbersUpTo(last: number): string[] {
  const doublings = Math.ceil(Math.log2(Math.max(last, 64)))
  return [
    'CREATE TABLE numbers (n INT UNSIGNED NOT NULL PRIMARY KEY)',
    'INSERT INTO numbers VALUES (1)',
    ...Array.from(
      { length: doublings },
      (_, step) => `INSERT INTO numbers SELECT n + ${2 ** step} FROM numbers`,
    ),
  ]
}
