// Small transactions on the sample tables, as sysbench's oltp_write_only writes them: two updates, and a row that goes and comes again.
import { setTimeout } from 'node:timers/promises'
import type { TestServer } from '../test/support/servers.ts'

/**
 * Rows are chosen as sysbench does by default with `--rand-type=pareto`, h = 0.2: 80 % of all in a fifth of the table. Its exponent is
 * log(h) / log(1 - h) = 7.2.
 */
const exponent = (Math.log(0.2) / Math.log(0.8)).toFixed(4)

/** Runs that many, one after the other, on MariaDB. Pages that changed are in their files when this returns, as those of all but the last minutes of a day are. */
export async function writeALittle(
  server: TestServer,
  { transactions, tables, rows }: { transactions: number; tables: number; rows: number },
): Promise<void> {
  await server.sql(`
    USE bench;
DELIMITER //
    CREATE OR REPLACE PROCEDURE write_a_little() BEGIN
      DECLARE n INT DEFAULT ${transactions};
      WHILE n > 0 DO
        SET @t = 1 + FLOOR(RAND() * ${tables});
        START TRANSACTION;
        EXECUTE IMMEDIATE CONCAT('UPDATE sbtest', @t, ' SET k = k + 1 WHERE id = ?') USING 1 + FLOOR(${rows} * POW(RAND(), ${exponent}));
        EXECUTE IMMEDIATE CONCAT('UPDATE sbtest', @t, ' SET c = REVERSE(c) WHERE id = ?') USING 1 + FLOOR(${rows} * POW(RAND(), ${exponent}));
        SET @id = 1 + FLOOR(${rows} * POW(RAND(), ${exponent}));
        EXECUTE IMMEDIATE CONCAT('DELETE FROM sbtest', @t, ' WHERE id = ?') USING @id;
        EXECUTE IMMEDIATE CONCAT('INSERT INTO sbtest', @t, ' VALUES (?, ?, REPEAT(UUID(), 3), UUID())') USING @id, 1 + FLOOR(RAND() * ${rows});
        COMMIT;
        SET n = n - 1;
      END WHILE;
END //
DELIMITER ;
    CALL write_a_little();
    SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0;
    SET GLOBAL innodb_max_dirty_pages_pct = 0`)
  while (Number(await server.sql(dirtyPages)) > 0) await setTimeout(200)
  await server.sql('SET GLOBAL innodb_max_dirty_pages_pct = 90')
}

const dirtyPages =
  "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Innodb_buffer_pool_pages_dirty'"
