// Owns reading what came from partners and what is settled with them, within the caller's limits.
// Must not write.
import { bodyOfCdr, cdrDisputes, type PartnerCdr, partnerCdrs } from '../../store/partners.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Statement, statements } from '../../store/settlement-statements.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Reading = Pick<ServiceDeps, 'db'>

export function listCdrs({ db }: Reading) {
  return (access: Access, query: ListQuery) => listRecords(db, partnerCdrs, access, query)
}

export function getCdr({ db }: Reading) {
  return async (access: Access, cdrId: string): Promise<Outcome<PartnerCdr & { body: Record<string, unknown> }>> => {
    const cdr = await getRecord(db, partnerCdrs, access, cdrId)
    if (cdr === undefined) return notFound
    return ok({ ...cdr, body: (await bodyOfCdr(db, access.organizationId, cdrId)) as Record<string, unknown> })
  }
}

export function listDisputes({ db }: Reading) {
  return (access: Access, query: ListQuery) => listRecords(db, cdrDisputes, access, query)
}

export function listStatements({ db }: Reading) {
  return (access: Access, query: ListQuery) => listRecords(db, statements, access, query)
}

export function getStatement({ db }: Reading) {
  return async (access: Access, statementId: string): Promise<Outcome<Statement>> => {
    const statement = await getRecord(db, statements, access, statementId)
    return statement ? ok(statement) : notFound
  }
}
