// A small shop with one of everything that a schema can hold, for tests of the whole job.
import type { TestServer } from './servers.ts'

/** Creates the schema `shop` with some thousand rows, and an account that uses it. */
export async function createShop(server: TestServer): Promise<void> {
  await server.sql(`
CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;
CREATE TABLE customers (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  email VARCHAR(120) AS (CONCAT(LOWER(REPLACE(name, ' ', '.')), '@example.com')) STORED,
  profile JSON,
  photo BLOB,
  rating FLOAT,
  joined TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB;
CREATE TABLE orders (
  id BIGINT AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  total DECIMAL(12,2) NOT NULL,
  state ENUM('new','paid','sent') NOT NULL DEFAULT 'new',
  note TEXT,
  KEY by_customer (customer_id),
  CONSTRAINT order_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
) ENGINE=InnoDB;
CREATE TABLE audit (id BIGINT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200), at DATETIME(3)) ENGINE=InnoDB;
CREATE VIEW big_orders AS SELECT o.id, c.name, o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.total > 500;
CREATE TRIGGER order_added AFTER INSERT ON orders FOR EACH ROW INSERT INTO audit (what, at) VALUES (CONCAT('order ', NEW.id), NOW(3));
CREATE PROCEDURE pay(IN order_id BIGINT) UPDATE orders SET state = 'paid' WHERE id = order_id;
CREATE FUNCTION vat(amount DECIMAL(12,2)) RETURNS DECIMAL(12,2) DETERMINISTIC RETURN amount * 0.19;
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM audit WHERE at < NOW() - INTERVAL 90 DAY;
INSERT INTO customers (name, profile, photo, rating, joined)
  WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 500)
  SELECT CONCAT('Customer ', i, ' ', CHAR(0xE282AC USING utf8mb4)), JSON_OBJECT('n', i, 'tags', JSON_ARRAY('a', 'b')),
    UNHEX(SHA2(i, 256)), 1.0 / i, '2026-01-01 00:00:00' + INTERVAL i MINUTE FROM n;
INSERT INTO orders (customer_id, total, note)
  SELECT c.id, c.id * 1.5 + k.k, IF(c.id % 7 = 0, NULL, CONCAT('line one\\nline\\ttwo ', c.id))
  FROM customers c JOIN (SELECT 1 AS k UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) k;
CREATE USER 'clerk'@'%' IDENTIFIED BY 'Shop-Clerk-1';
GRANT SELECT, INSERT ON shop.* TO 'clerk'@'%';
`)
}

/** Writes like the shop's own programs: `count` orders in transactions of their own. */
export async function takeOrders(server: TestServer, count: number): Promise<void> {
  const statements = Array.from(
    { length: count },
    (_, i) =>
      `INSERT INTO shop.orders (customer_id, total, note) VALUES (${(i % 500) + 1}, ${i}.25, 'while streaming');`,
  )
  await server.sql(statements.join('\n'))
}

/** What two servers must have in common to hold the same shop: checksums of every table and text of every object. */
export async function shopFingerprint(server: TestServer): Promise<string> {
  return server.sql(`
CHECKSUM TABLE shop.customers, shop.orders, shop.audit EXTENDED;
SELECT COUNT(*), SUM(total) FROM shop.big_orders;
SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = 'shop' ORDER BY 1;
SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema = 'shop' ORDER BY 1;
SELECT event_name, status, event_definition FROM information_schema.events WHERE event_schema = 'shop' ORDER BY 1;
SHOW CREATE TABLE shop.customers;
SHOW GRANTS FOR 'clerk'@'%';
`)
}
