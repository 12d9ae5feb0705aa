// Owns what a place with files has to offer, wherever it is: see them, read them, put them aside, write one whole.
// Must not know what is in them.

export interface FoundFile {
  name: string
  size: number
  /** As the place tells it; only compared. */
  modified: string
}

export interface FileSource {
  list(): Promise<FoundFile[]>
  /** The bytes from the beginning. */
  read(name: string): AsyncIterable<Uint8Array>
  /** Into the folder `archive` beside it, under a name that is free. */
  putAside(name: string): Promise<void>
  /** Whole or not at all: nobody sees half a file. The folder is one below the place, or '' for the place itself. */
  write(folder: string, name: string, bytes: Uint8Array): Promise<void>
  /** The first bytes of a small file; null when there is none. */
  peek(folder: string, name: string): Promise<Uint8Array | null>
  close(): Promise<void>
}

export const archiveFolder = 'archive'
export const mostFiles = 10_000

/** Names that can leave no folder and hide nothing. */
export const isPlainName = (name: string) => /^[^\p{Cc}/\\:*?"<>|]{1,200}$/u.test(name) && !name.startsWith('.')

/** `*` and `?`, as in shells; case does not matter. */
export function namePattern(pattern: string): (name: string) => boolean {
  const wanted = [...pattern.toLowerCase()]
  return (name) => {
    // Row by row instead of a regular expression: many stars must not cost more than their product with the name.
    let reach = [true, ...name].map((_, i) => i === 0)
    for (const char of wanted) {
      const next = reach.map(() => false)
      for (let i = 0; i < reach.length; i++) {
        if (char === '*') next[i] = (reach[i] ?? false) || (i > 0 && (next[i - 1] ?? false))
        else if (i > 0) next[i] = (reach[i - 1] ?? false) && (char === '?' || char === name[i - 1]?.toLowerCase())
      }
      reach = next
    }
    return reach.at(-1) ?? false
  }
}

/** Beside a name that is taken already. */
export const freeName = (name: string, n: number) => (n === 0 ? name : name.replace(/(\.[^.]*)?$/, `~${n}$1`))
