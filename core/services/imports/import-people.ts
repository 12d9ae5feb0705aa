// Owns bringing in a list of people, line by line: known by their account number, so that the same list twice changes nothing.
// Must not write by other rules than a person would: every line goes through the services of accounts, vehicles and credentials.

import { searchKeys } from '../../domain/credential/index.ts'
import {
  type CellProblem,
  credentialKindOf,
  type PeopleColumn,
  type PersonRow,
  personOf,
  unknownColumns,
  withMaskedCells,
} from '../../domain/imports/people-columns.ts'
import { readCsv } from '../../domain/imports/read-csv.ts'
import { addJobs } from '../../store/event-log.ts'
import { groupsOf } from '../../store/people.ts'
import {
  accountIdByNumber,
  finishImport,
  groupIdsByCode,
  importText,
  noteRow,
  type PeopleImport,
  peopleImports,
  type RowOutcome,
} from '../../store/people-imports.ts'
import { type Db, getRecord, insertRecord } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import { manageCredentials } from '../manage/manage-credentials.ts'
import { manageAccounts, manageVehicles, plateKeyOf, setMembership } from '../manage/manage-people.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export interface ImportAsked {
  csv: string
  dryRun?: boolean
  fileName?: string
}

export function startImport(deps: ServiceDeps) {
  return (access: Access, { csv, dryRun = false, fileName }: ImportAsked): Promise<Outcome<PeopleImport>> =>
    refusable(deps, async (trx) => {
      if (access.siteIds !== null)
        return {
          kind: 'forbidden',
          message: 'A list of people is for the whole organization, and this key is limited to sites.',
        }
      const read = readCsv(csv)
      if (read.kind === 'broken') return invalid('/csv', read.message)
      const unknown = unknownColumns(read.header)
      if (unknown.length > 0) return invalid('/csv', `has columns that are not known here: ${unknown.join(', ')}`)
      if (!read.header.includes('account_number')) return invalid('/csv', 'has no column account_number')
      const { organizationId, actor } = access
      const importId = deps.newId()
      const made = await insertRecord(trx, peopleImports, {
        organization_id: organizationId,
        import_id: importId,
        state: 'queued',
        dry_run: dryRun,
        file_name: fileName ?? null,
        content: withMaskedCells(csv, read.header, read.rows),
        actor,
        rows_total: read.rows.length,
        created_at: deps.clock.now(),
      })
      const key = `people_import:${importId}`
      await addJobs(trx, [{ task: 'people_import.run', payload: { organizationId, importId }, key, queue: key }])
      return ok(made)
    })
}

export function getImport({ db }: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, importId: string): Promise<Outcome<PeopleImport>> => {
    const found = await getRecord(db, peopleImports, access, importId)
    return found ? ok(found) : { kind: 'not_found' }
  }
}

/** Undoes one line: it was refused, or only tried. */
class UndoLine extends Error {
  readonly outcome: RowOutcome
  readonly problems: readonly CellProblem[]
  constructor(outcome: RowOutcome, problems: readonly CellProblem[]) {
    super('undone')
    this.outcome = outcome
    this.problems = problems
  }
}

/** The task `people_import.run`. A hub that is killed goes on with the line it had not done. */
export function runImport(deps: ServiceDeps) {
  return async ({ organizationId, importId }: { organizationId: string; importId: string }): Promise<void> => {
    const found = await importText(deps.db, organizationId, importId)
    if (!found || found.content === null) return
    const read = readCsv(found.content)
    if (read.kind === 'broken') throw new Error(`import ${importId} was stored though it cannot be read`)
    const access: Access = { organizationId, siteIds: null, actor: found.actor, requestId: importId }
    for (let done = found.rowsDone; done < read.rows.length; done++) {
      const row = read.rows[done]
      if (!row) break
      const { person, problems } = personOf(read.header, row)
      const note = (trx: Db, outcome: RowOutcome, wrong: readonly CellProblem[]) =>
        noteRow(trx, organizationId, importId, { done: done + 1, outcome, problems: wrong })
      try {
        await transaction(deps.db, async (trx) => {
          if (problems.length > 0) throw new UndoLine('failed', problems)
          const outcome = await writePerson({ ...deps, db: trx }, access, person, row.line)
          if (found.dryRun) throw new UndoLine(outcome, [])
          await note(trx, outcome, [])
        })
      } catch (error) {
        if (!(error instanceof UndoLine)) throw error
        await note(deps.db, error.outcome, error.problems)
      }
    }
    await finishImport(deps.db, organizationId, importId, deps.clock.now())
  }
}

async function writePerson(deps: ServiceDeps, access: Access, person: PersonRow, line: number): Promise<RowOutcome> {
  const must = <T>(
    outcome: Outcome<T>,
    columns: Readonly<Record<string, PeopleColumn>>,
    otherwise: PeopleColumn,
  ): T => {
    if (outcome.kind === 'ok') return outcome.value
    throw new UndoLine('failed', problemsOf(outcome, columns, otherwise, line))
  }
  const results = new Set<RowOutcome>()
  const accountId = await writeAccount(deps, access, person, must, results)
  await joinGroups(deps, access, person, accountId, line, results)
  if (person.plate !== undefined) {
    const fields = { plate: person.plate, ...(person.plate_country ? { plateCountry: person.plate_country } : {}) }
    const known = await manageVehicles(deps).list(access, { accountId, plateKey: plateKeyOf(person.plate) ?? '' })
    if (known.items.length === 0) {
      must(await manageVehicles(deps).create(access, { accountId, ...fields }), {}, 'plate')
      results.add('created')
    }
  }
  if (person.credential_value !== undefined) await writeCredential(deps, access, person, accountId, must, results)
  return results.has('created') ? 'created' : results.has('updated') ? 'updated' : 'unchanged'
}

type Must = <T>(outcome: Outcome<T>, columns: Readonly<Record<string, PeopleColumn>>, otherwise: PeopleColumn) => T

const accountColumns = {
  '/name': 'account_name',
  '/email': 'email',
  '/phone': 'phone',
  '/validUntil': 'valid_until',
} as const

async function writeAccount(
  deps: ServiceDeps,
  access: Access,
  person: PersonRow,
  must: Must,
  results: Set<RowOutcome>,
): Promise<string> {
  const fields = Object.fromEntries(
    Object.entries({
      name: person.account_name,
      kind: person.account_kind,
      status: person.account_status,
      parkerKind: person.parker_kind,
      email: person.email,
      phone: person.phone,
      validFrom: person.valid_from,
      validUntil: person.valid_until,
    }).filter(([, value]) => value !== undefined),
  )
  const { account_number: number } = person
  const id = await accountIdByNumber(deps.db, access.organizationId, number)
  if (id === undefined) {
    const create = { name: number, kind: 'person' as const, ...fields, number }
    const made = must(await manageAccounts(deps).create(access, create), accountColumns, 'account_number')
    results.add('created')
    return made.accountId
  }
  const before = must(await manageAccounts(deps).get(access, id), {}, 'account_number')
  const differs =
    before.archivedAt !== null ||
    Object.entries(fields).some(([field, value]) => !same(before[field as keyof typeof before], value))
  if (differs) {
    const back = before.archivedAt === null ? {} : { archived: false }
    must(await manageAccounts(deps).update(access, id, { ...fields, ...back }), accountColumns, 'account_number')
    results.add('updated')
  }
  return id
}

function same(stored: unknown, wanted: unknown): boolean {
  return stored instanceof Date ? stored.getTime() === Date.parse(String(wanted)) : stored === wanted
}

/** Groups that the line does not name are not left: a list of one system says nothing about the groups of another. */
async function joinGroups(
  deps: ServiceDeps,
  access: Access,
  { groups }: PersonRow,
  accountId: string,
  line: number,
  results: Set<RowOutcome>,
): Promise<void> {
  const codes = (groups ?? '')
    .split('|')
    .map((code) => code.trim())
    .filter((code) => code !== '')
  if (codes.length === 0) return
  const ids = await groupIdsByCode(deps.db, access.organizationId, codes)
  const missing = codes.find((code) => !ids.has(code))
  if (missing !== undefined)
    throw new UndoLine('failed', [{ line, column: 'groups', message: `there is no group ${missing}` }])
  const own = (await groupsOf(deps.db, access.organizationId, [accountId])).get(accountId) ?? []
  for (const groupId of ids.values()) {
    if (own.includes(groupId)) continue
    await setMembership(deps)(access, groupId, accountId, true)
    results.add('updated')
  }
}

const credentialColumns = {
  '/presentations/0/value': 'credential_value',
  '/label': 'credential_label',
} as const

async function writeCredential(
  deps: ServiceDeps,
  access: Access,
  person: PersonRow,
  accountId: string,
  must: Must,
  results: Set<RowOutcome>,
): Promise<void> {
  const { credential_value: value = '', credential_encoding: encoding } = person
  const kind = credentialKindOf(person)
  const fields = Object.fromEntries(
    Object.entries({ label: person.credential_label, status: person.credential_status }).filter(
      ([, text]) => text !== undefined,
    ),
  )
  const keys = searchKeys({ raw: value, kind, encoding })
  const known = await manageCredentials(deps).list(access, { accountId, kind, searchKeys: keys, limit: 1 })
  const [before] = keys.length === 0 ? [] : known.items
  if (before === undefined) {
    const presentations = [{ value, ...(encoding === undefined ? {} : { encoding }) }]
    must(
      await manageCredentials(deps).create(access, { kind, accountId, presentations, ...fields }),
      credentialColumns,
      'credential_value',
    )
    results.add('created')
  } else if (Object.entries(fields).some(([field, text]) => before[field as keyof typeof before] !== text)) {
    must(
      await manageCredentials(deps).update(access, before.credentialId, fields),
      credentialColumns,
      'credential_value',
    )
    results.add('updated')
  }
}

function problemsOf(
  refusal: Refusal,
  columns: Readonly<Record<string, PeopleColumn>>,
  otherwise: PeopleColumn,
  line: number,
): CellProblem[] {
  const columnOf = (pointer: string | undefined) => columns[pointer ?? ''] ?? otherwise
  switch (refusal.kind) {
    case 'invalid':
      return refusal.problems.map(({ pointer, message }) => ({ line, column: columnOf(pointer), message }))
    case 'conflict':
      return [{ line, column: columnOf(refusal.pointer), message: refusal.message }]
    case 'forbidden':
      return [{ line, column: otherwise, message: refusal.message }]
    default:
      return [{ line, column: otherwise, message: 'was changed or removed meanwhile' }]
  }
}
