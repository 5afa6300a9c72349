// The files of a clone on their way into a backup: which is which, what became of them meanwhile, and how long they are in the end.
import { HoldfastError } from '../../core/errors.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { CloneEvent } from '../../wire/clone/clone-transfer.ts'
import {
  cloneState,
  type DataDescriptor,
  type FileDescriptor,
  type StateDescriptor,
} from '../../wire/clone/descriptor.ts'
import type { FileAttributes, FileIntake, IntakeFile } from '../pour/file-intake.ts'
import { renameFiles } from '../pour/rename-files.ts'
import { FilePages } from './file-pages.ts'
import { firstPage } from './first-page.ts'
import { extentBytesOf, isUndoSpace, pageSizesOf, tablespaceOf } from './fsp-flags.ts'
import { dropRedoKey } from './redo-key.ts'
import { WrappedKey } from './wrapped-key.ts'

export interface ClonedServer {
  /** @@datadir. */
  readonly dataDirectory: string
  /** As a number: 90704 for 9.7.4. */
  readonly release: number
}

/** Permissions a server makes its files with. */
const fileMode = 0o640
const folderMode = 0o750

/**
 * CLONE_INNODB_FIXUP_FILE: where it is, the first start makes folders of schemas and empty tables of other engines, of which a clone has
 * only the definitions, and takes it away.
 */
const fixupFile = '#clone/#status_fix'

/** 16 MiB, and FIL_IBD_FILE_INITIAL_SIZE pages: what a server gives a new file. */
const newUndoBytes = 16 * 1024 * 1024
const newTablespacePages = 7

/** Since 8.0.30 the redo log is files in a folder of their own. */
const redoFolderRelease = 80_030

/** Deeper than any tablespace: 2^32 pages of 64 KiB. */
const maxFileBytes = 2 ** 48

interface ClonedFile {
  readonly file: IntakeFile
  readonly descriptor: FileDescriptor
  /** By the donor's word: page 0 of a tablespace says that it has grown. */
  sizeBytes: number
  writtenBytes: number
  /** Absent for what has no pages. */
  readonly pages: FilePages | undefined
  readonly key: WrappedKey | undefined
}

export class ClonedFiles {
  readonly #intake: FileIntake
  readonly #server: ClonedServer
  /** Undefined: dropped. */
  readonly #files = new Map<number, ClonedFile | undefined>()
  readonly #redoFiles = new Map<number, ClonedFile>()
  /** Of files that were created, renamed or dropped: told before a state starts, and done when it does. */
  readonly #changes = new Map<number, FileDescriptor>()
  #state: number = cloneState.init
  #hasEncrypted = false

  constructor(intake: FileIntake, server: ClonedServer) {
    this.#intake = intake
    this.#server = server
    // A server without it does not start, and does not make it by itself.
    intake.folder('mysql', folderMode)
    intake.open(fixupFile, { kind: 'other', mode: fileMode }).close()
  }

  /** Throws what the intake throws, UNSUPPORTED for an encrypted redo log, and MalformedDataError. */
  async take(event: CloneEvent, signal: AbortSignal | undefined): Promise<void> {
    if (event.kind === 'data') await this.#write(event.data, event.bytes, signal)
    else if (event.kind === 'state') await this.#begin(event.state)
    else this.#describe(event.file)
  }

  /**
   * Tablespaces, which come as they lie on the disk: each has its key in its first page, wrapped with the key in the server's keyring. The
   * clear one, which the donor sends besides, is for a recipient with a keyring of its own, and is passed over.
   */
  get hasEncrypted(): boolean {
    return this.#hasEncrypted
  }

  /** Throws MalformedDataError when the clone did not come to its end, and PAGE_DAMAGED. */
  async finish(): Promise<void> {
    if (this.#state !== cloneState.done) throw malformed('the end of the clone', `state ${this.#state}`)
    for (const cloned of [...this.#files.values(), ...this.#redoFiles.values()]) {
      if (cloned === undefined) continue
      refuseDamaged(cloned)
      await cloned.file.resize(finalBytes(cloned))
      cloned.file.close()
    }
  }

  #describe(descriptor: FileDescriptor): void {
    const { state, index, isDeleted, isEncrypted } = descriptor
    if (isEncrypted && state !== cloneState.redoCopy) this.#hasEncrypted = true
    if (state === cloneState.redoCopy && this.#state === cloneState.redoCopy) {
      // Told with the state, and again before its data.
      if (!this.#redoFiles.has(index)) this.#redoFiles.set(index, this.#open(descriptor))
    } else if (state !== this.#state) {
      this.#changes.set(index, descriptor)
    } else if (isDeleted) {
      this.#drop(index)
    } else if (!this.#files.has(index)) {
      this.#files.set(index, this.#open(descriptor))
    }
  }

  async #begin({ state }: StateDescriptor): Promise<void> {
    this.#state = state
    const changes = [...this.#changes.values()]
    this.#changes.clear()
    for (const { index, isDeleted } of changes) if (isDeleted) this.#drop(index)
    this.#rename(changes.filter(({ index, isDeleted }) => !isDeleted && this.#files.get(index) !== undefined))
    for (const descriptor of changes) {
      if (!descriptor.isDeleted && !this.#files.has(descriptor.index)) await this.#create(descriptor)
    }
  }

  #drop(index: number): void {
    const cloned = this.#files.get(index)
    if (cloned !== undefined) this.#intake.remove(cloned.file.path)
    this.#files.set(index, undefined)
  }

  #rename(changes: readonly FileDescriptor[]): void {
    const renamed = changes.flatMap(({ index, name }) => {
      const cloned = this.#files.get(index)
      const to = this.#pathOf(name)
      return cloned === undefined || cloned.file.path === to ? [] : [{ from: cloned.file.path, to }]
    })
    renameFiles(this.#intake, renamed)
  }

  async #create(descriptor: FileDescriptor): Promise<void> {
    const { spaceId, fspFlags, index } = descriptor
    const cloned = this.#open(descriptor)
    this.#files.set(index, cloned)
    const page = firstPage(spaceId, fspFlags, this.#server.release)
    await cloned.file.write(0, page)
    cloned.writtenBytes = isUndoSpace(spaceId) ? newUndoBytes : newTablespacePages * page.length
  }

  #open(descriptor: FileDescriptor): ClonedFile {
    const { state, index, name, sizeBytes } = descriptor
    const path = state === cloneState.redoCopy && name === '' ? this.#redoPath(index) : this.#pathOf(name)
    const file = this.#intake.open(path, attributesOf(descriptor))
    const space = tablespaceOf(descriptor.spaceId, descriptor.fspFlags)
    const key = space && new WrappedKey(path, space)
    return { file, descriptor, sizeBytes, writtenBytes: 0, pages: this.#pagesOf(descriptor), key }
  }

  #pagesOf({ spaceId, index, fspFlags }: FileDescriptor): FilePages | undefined {
    const space = tablespaceOf(spaceId, fspFlags)
    if (space === undefined) return undefined
    let bytesBefore = 0
    for (let at = index - 1; ; at--) {
      const before = this.#files.get(at)
      if (before?.descriptor.spaceId !== spaceId) return new FilePages(space, bytesBefore / space.pageBytes)
      bytesBefore += before.sizeBytes
    }
  }

  async #write(data: DataDescriptor, bytes: Buffer, signal: AbortSignal | undefined): Promise<void> {
    const { state, fileIndex, offset, fileSizeBytes } = data
    const files = state === cloneState.redoCopy ? this.#redoFiles : this.#files
    if (!files.has(fileIndex)) throw malformed('data of a file that was described', `file ${fileIndex}`)
    const cloned = files.get(fileIndex)
    // Some of a dropped file may still be on its way.
    if (cloned === undefined) return
    const end = offset + bytes.length
    if (end > maxFileBytes) throw malformed(`a file below ${maxFileBytes} bytes`, `data up to ${end}`)
    cloned.pages?.take(offset, bytes)
    if (state === cloneState.redoCopy) dropRedoKey(offset, bytes)
    else if (offset === 0 && state === cloneState.fileCopy) cloned.key?.keep(bytes)
    else if (offset === 0) cloned.key?.putBack(bytes)
    await cloned.file.write(offset, bytes, signal)
    cloned.writtenBytes = Math.max(cloned.writtenBytes, end)
    if (state === cloneState.pageCopy && offset === 0) this.#grow(fileIndex, fileSizeBytes)
  }

  /** Page 0 tells the size of a tablespace, which its files share: all but the last of the system tablespace stay as they are. */
  #grow(index: number, sizeBytes: number): void {
    let rest = sizeBytes
    for (let at = index; ; at++) {
      const cloned = this.#files.get(at)
      const next = this.#files.get(at + 1)
      if (cloned === undefined || rest <= cloned.sizeBytes) return
      if (next?.descriptor.spaceId !== cloned.descriptor.spaceId) {
        cloned.sizeBytes = rest
        return
      }
      rest -= cloned.sizeBytes
    }
  }

  #redoPath(index: number): string {
    return this.#server.release < redoFolderRelease ? `ib_logfile${index}` : `#innodb_redo/#ib_redo${index}`
  }

  /** As the donor opens the file; what lies in its data directory lies in that of the backup. */
  #pathOf(name: string): string {
    const { dataDirectory } = this.#server
    if (dataDirectory !== '' && name.startsWith(dataDirectory)) return name.slice(dataDirectory.length)
    return name.startsWith('./') ? name.slice(2) : name
  }
}

function attributesOf({ state, spaceId, fspFlags, isPageCompressed }: FileDescriptor): FileAttributes {
  const mode = fileMode
  const pages = pageSizesOf(fspFlags)
  if (pages === undefined) return { kind: state === cloneState.redoCopy ? 'redo' : 'other', mode }
  return {
    kind: isUndoSpace(spaceId) ? 'undo' : 'tablespace',
    mode,
    tablespace: { spaceId, pageBytes: pages.physicalBytes, flags: fspFlags },
    isSparse: isPageCompressed,
  }
}

function refuseDamaged({ file, pages }: ClonedFile): void {
  const page = pages?.damaged
  if (page === undefined) return
  throw new HoldfastError('PAGE_DAMAGED', `page ${page} of ${file.path} has a wrong checksum on the server`, {
    file: file.path,
    page,
  })
}

/** What recovery expects (extend_and_flush_files): whole extents, once a file has one, and never less than was said. */
function finalBytes({ descriptor, sizeBytes, writtenBytes }: ClonedFile): number {
  if (writtenBytes < sizeBytes) return sizeBytes
  const pages = pageSizesOf(descriptor.fspFlags)
  if (pages === undefined) return writtenBytes
  const extentBytes = extentBytesOf(pages)
  return writtenBytes > extentBytes ? Math.ceil(writtenBytes / extentBytes) * extentBytes : writtenBytes
}

function malformed(expected: string, found: string): MalformedDataError {
  return new MalformedDataError({ what: 'clone', offset: 0, expected, found })
}
