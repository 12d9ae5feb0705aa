// Owns the rules of account mappings: what an organization's accounting system calls the hub's accounts and tax codes.
// Must not know an accounting system; its format checks what it needs before an export.
import { bookAccount } from '../../domain/bill/index.ts'
import { pointerTo } from '../../domain/json-pointer.ts'
import { type AccountMappingRecord, accountMappings } from '../../store/ledger-read.ts'
import { wakeStandingExports } from '../../store/standing-exports.ts'
import { type Change, columns, columnsOf, manage } from '../manage/manage-record.ts'
import type { Access, FieldProblem } from '../manage/outcome.ts'

type Names = Partial<Pick<AccountMappingRecord, 'accounts' | 'taxCodes'>>
export type MappingCreate = Names & Pick<AccountMappingRecord, 'target'> & { name?: string }
export type MappingPatch = Names & { name?: string }

export const manageAccountMappings = manage<AccountMappingRecord, MappingCreate, MappingPatch>({
  table: accountMappings,
  idOf: (mapping) => mapping.mappingId,
  siteOf: () => null,
  create: async ({ access }, input) => written(access, { ...input, name: input.name ?? input.target }),
  update: async ({ access }, _before, input) => written(access, input),
  // A name that was missing may be there now.
  async changed({ trx, access }, _before, { mappingId }) {
    await wakeStandingExports(trx, access.organizationId, { mappingId })
    return undefined
  },
})

function written(access: Access, input: MappingCreate | MappingPatch): Change {
  if (access.siteIds !== null) {
    return { kind: 'forbidden', message: 'A mapping holds for all sites; a key limited to sites cannot set it.' }
  }
  const problems: FieldProblem[] = Object.keys(input.accounts ?? {})
    .filter((code) => bookAccount(code) === null)
    .map((code) => ({ pointer: pointerTo('accounts', code), message: 'is no account of the hub' }))
  return problems.length > 0 ? { kind: 'invalid', problems } : columns(columnsOf(accountMappings, input))
}
