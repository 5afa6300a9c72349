// The sql_mode in which rows are loaded.

/**
 * Strict, but with everything that a table can legally hold: 0 in AUTO_INCREMENT, 2020-02-31, 0000-00-00. And a table whose engine the
 * target lacks is an error, not a table of another engine.
 */
export const loadMode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'
