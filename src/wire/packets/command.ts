// The commands a client sends: one byte, then what belongs to it (Command Phase).
import { ByteWriter } from '../../bytes/byte-writer.ts'

export const command = {
  quit: 0x01,
  query: 0x03,
  ping: 0x0e,
  setOption: 0x1b,
} as const

export function quitToBytes(): Buffer {
  return Buffer.of(command.quit)
}

export function pingToBytes(): Buffer {
  return Buffer.of(command.ping)
}

/** COM_SET_OPTION: whether a COM_QUERY may hold several statements. Answered by EOF. */
export function setMultiStatementsToBytes(isOn: boolean): Buffer {
  // MYSQL_OPTION_MULTI_STATEMENTS_ON = 0, …_OFF = 1 (enum_mysql_set_option)
  return new ByteWriter()
    .u8(command.setOption)
    .u16(isOn ? 0 : 1)
    .toBuffer()
}
