// Owns the proof that the server's programs are found and made runnable, whatever the install left out or closed.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installedNative, type NativeFolder, usableBinaries } from '../../core/runtime/postgres/binaries.ts'

const isRoot = process.getuid?.() === 0
const uid = process.getuid?.() ?? 0
const nobody = { uid: 65_534, gid: 65_534 }
let home: string
let source: NativeFolder
let temp: string | undefined
beforeAll(async () => {
  source = await installedNative()
  home = mkdtempSync(join(tmpdir(), 'baywatt-native-'))
  chmodSync(home, 0o755)
  // Copies are made below the temp folder; here its own, so that none of another run is seen.
  temp = process.env.TMPDIR
  process.env.TMPDIR = join(home, 'tmp')
  mkdirSync(join(home, 'tmp'), { mode: 0o755 })
})
afterAll(() => {
  if (temp === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = temp
  rmSync(home, { recursive: true })
})

/** An install of its own, without the links that the package's install script makes. */
function scriptless(name: string, version: string): NativeFolder {
  const folder = join(home, name, 'native')
  cpSync(source.folder, folder, { recursive: true, verbatimSymlinks: true })
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isSymbolicLink()) unlinkSync(join(entry.parentPath, entry.name))
  return { folder, version }
}
const runs = (program: string, as = {}) =>
  execFileSync(program, ['--version'], { ...as, cwd: '/', env: {}, encoding: 'utf8' })

describe('the bundled programs', () => {
  test('are found in the installed package', async () => {
    expect(source.version).toMatch(/^\d+\.\d+/)
    expect(existsSync(join(source.folder, 'share'))).toBe(true)
  })

  test('run where install scripts were blocked: library links and executable bits are made up for', async () => {
    const native = scriptless('scriptless', '0.0.1')
    for (const program of ['postgres', 'initdb', 'pg_ctl']) chmodSync(join(native.folder, 'bin', program), 0o644)
    const binaries = await usableBinaries(native, undefined)
    expect(dirname(dirname(binaries.postgres))).toBe(native.folder)
    for (const program of Object.values(binaries)) expect(runs(program)).toMatch(/PostgreSQL/)
    const links = JSON.parse(readFileSync(join(native.folder, 'pg-symlinks.json'), 'utf8')) as { target: string }[]
    expect(links.length).toBeGreaterThan(0)
    for (const { target } of links) expect(existsSync(join(native.folder, '..', target))).toBe(true)
  })

  test('missing altogether are reported in words', async () => {
    const nothing = { folder: join(home, 'nothing', 'native'), version: '0.0.2' }
    await expect(usableBinaries(nothing, undefined)).rejects.toMatchObject({ code: 'binaries_unusable' })
    expect(readdirSync(join(home, 'tmp'))).toEqual([])
  })

  if (isRoot) {
    test("in a folder closed to the server's user are copied outside, once", async () => {
      const native = scriptless('closed', '0.0.3')
      chmodSync(join(home, 'closed'), 0o700)
      const first = await usableBinaries(native, nobody)
      const copy = join(home, 'tmp', `baywatt-postgres-0.0.3-${process.arch}-${uid}`)
      expect(first.postgres).toBe(join(copy, 'native', 'bin', 'postgres'))
      expect(runs(first.initdb, nobody)).toMatch(/PostgreSQL/)
      const { ino } = lstatSync(copy)
      expect(await usableBinaries(native, nobody)).toEqual(first)
      expect(lstatSync(copy).ino).toBe(ino)

      // A cleaner of temp folders took one old file: the copy is made anew.
      rmSync(join(copy, 'native', 'share', 'postgresql', 'postgres.bki'))
      expect(await usableBinaries(native, nobody)).toEqual(first)
      expect(existsSync(join(copy, 'native', 'share', 'postgresql', 'postgres.bki'))).toBe(true)
      expect(readdirSync(join(home, 'tmp'))).toEqual([basename(copy)])

      // One that others could have written to is not trusted.
      chmodSync(copy, 0o777)
      await usableBinaries(native, nobody)
      expect(lstatSync(copy).mode & 0o777).toBe(0o755)
    })

    test("someone else's folder under the name of the copy is left alone and not used", async () => {
      const native = scriptless('squatted', '0.0.4')
      chmodSync(join(home, 'squatted'), 0o700)
      const name = join(home, 'tmp', `baywatt-postgres-0.0.4-${process.arch}-${uid}`)
      mkdirSync(name)
      execFileSync('chown', ['65534:65534', name])
      const binaries = await usableBinaries(native, nobody)
      expect(binaries.postgres.startsWith(`${name}/`)).toBe(false)
      expect(runs(binaries.postgres, nobody)).toMatch(/PostgreSQL/)
      expect(readdirSync(name)).toEqual([])
    })

    test('copied by two at once serve both', async () => {
      const native = scriptless('twice', '0.0.5')
      chmodSync(join(home, 'twice'), 0o700)
      const both = await Promise.all([usableBinaries(native, nobody), usableBinaries(native, nobody)])
      for (const binaries of both) expect(runs(binaries.postgres, nobody)).toMatch(/PostgreSQL/)
    })
  }
})
