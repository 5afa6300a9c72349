// The packets a replica sends: registering itself, asking for a binary log, acknowledging what it has made durable.
import { ByteWriter } from '../../bytes/byte-writer.ts'

/** COM_REGISTER_SLAVE: makes us show in SHOW REPLICAS. Host, user and password stay empty: nobody is to connect to us. */
export function registerReplicaToBytes(serverId: number): Buffer {
  return new ByteWriter()
    .u8(0x15)
    .u32(serverId)
    .zeros(3) // lengths of host, user and password
    .u16(0) // port
    .u32(0) // rank, never used
    .u32(0) // the source's id: filled in by the source
    .toBuffer()
}

/** COM_BINLOG_DUMP. `position` has 32 bits in this packet; `flags` differ by family. */
export function binlogDumpToBytes(file: string, position: number, flags: number, serverId: number): Buffer {
  return new ByteWriter().u8(0x12).u32(position).u16(flags).u32(serverId).text(file).toBuffer()
}

/** Semi-synchronous acknowledgement: everything up to `position` of `file` is durable here. (ReplSemiSyncBase::kPacketMagicNum) */
export function acknowledgeToBytes(file: string, position: number): Buffer {
  return new ByteWriter().u8(semiSyncMark).u64(position).text(file).toBuffer()
}

/** First byte of a semi-synchronous header and of an acknowledgement. */
export const semiSyncMark = 0xef
