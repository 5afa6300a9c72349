// What the sample shop has besides rows: views, triggers, routines, events, a sequence, users and a role.

/** Views, triggers, routines and events; made after the rows, so that no trigger fires while they are filled. */
export function shopObjects(flavour: 'mysql' | 'mariadb'): string[] {
  return [
    `CREATE VIEW order_totals AS
      SELECT o.id, o.customer_id, o.status, SUM(i.line_total) AS total
      FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.id, o.customer_id, o.status`,
    `CREATE SQL SECURITY INVOKER VIEW best_customers AS
      SELECT c.id, c.name, SUM(t.total) AS spent FROM customers c JOIN order_totals t ON t.customer_id = c.id
      GROUP BY c.id, c.name`,
    `CREATE TRIGGER take_from_stock AFTER INSERT ON order_items FOR EACH ROW
      UPDATE products SET stock = stock - NEW.quantity WHERE id = NEW.product_id`,
    `CREATE TRIGGER keep_order_history AFTER UPDATE ON orders FOR EACH ROW
      BEGIN
        IF NEW.status <> OLD.status THEN
          INSERT INTO order_history (order_id, what) VALUES (NEW.id, CONCAT(OLD.status, ' -> ', NEW.status));
        END IF;
      END`,
    `CREATE TRIGGER lower_case_email BEFORE INSERT ON customers FOR EACH ROW SET NEW.email = LOWER(NEW.email)`,
    `CREATE FUNCTION order_value(wanted BIGINT UNSIGNED) RETURNS DECIMAL(14, 2) READS SQL DATA
      RETURN (SELECT SUM(line_total) FROM order_items WHERE order_id = wanted)`,
    `CREATE PROCEDURE place_order(IN buyer INT UNSIGNED, IN thing INT UNSIGNED, OUT made BIGINT UNSIGNED)
      COMMENT 'one order with one line; it''s quoted'
      BEGIN
        DECLARE cost DECIMAL(10, 2) DEFAULT (SELECT price FROM products WHERE id = thing);
        INSERT INTO orders (customer_id) VALUES (buyer);
        SET made = LAST_INSERT_ID();
        INSERT INTO order_items (order_id, line_no, product_id, quantity, price) VALUES (made, 1, thing, 1, cost);
      END`,
    // Far ahead, so that no run of the demo or of a test ever meets one firing.
    `CREATE EVENT forget_page_views ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00'
      DO DELETE FROM page_views WHERE seen_at < NOW() - INTERVAL 1 YEAR`,
    `CREATE EVENT month_end ON SCHEDULE EVERY 1 MONTH STARTS '2037-01-31 23:00:00' DISABLE
      COMMENT 'switched on by hand' DO INSERT INTO order_history (order_id, what) VALUES (0, 'month end')`,
    ...(flavour === 'mariadb'
      ? [
          'CREATE SEQUENCE invoice_numbers START WITH 1000 INCREMENT BY 1 CACHE 50',
          'DO NEXTVAL(invoice_numbers)',
        ]
      : []),
  ]
}

/** Accounts are of the whole server, so they are apart: a test that shares a server may leave them out. */
export function shopUsers(schema: string): string[] {
  return [
    'CREATE ROLE shop_reader',
    `GRANT SELECT ON ${schema}.* TO shop_reader`,
    "CREATE USER shop_app@'%' IDENTIFIED BY 'till-and-drawer'",
    `GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON ${schema}.* TO shop_app@'%'`,
    "CREATE USER shop_report@'10.0.%' IDENTIFIED BY 'read only'",
    "GRANT shop_reader TO shop_report@'10.0.%'",
    `GRANT SELECT (id, name), UPDATE (status) ON ${schema}.customers TO shop_report@'10.0.%'`,
  ]
}
