// Owns finding which link taught which form of a card, from what was noted beside both.
// Must not add or remove forms; core/services/linking/learn-form.ts decides.
import { sql } from 'kysely'
import type { Db } from './record-table.ts'

export interface TaughtForm {
  credentialId: string
  presentationId: string
}

/** The form that the link taught last and that its credential still goes by, as learned; undefined when there is none. */
export async function formTaughtBy(db: Db, organizationId: string, linkId: string): Promise<TaughtForm | undefined> {
  const { rows } = await sql<TaughtForm>`
    select p.credential_id as "credentialId", p.presentation_id as "presentationId"
    from audit_log a
    join presentation p on p.organization_id = a.organization_id
      and p.presentation_id = (a.after ->> 'presentationId')::uuid
    where a.organization_id = ${organizationId} and a.subject_type = 'link' and a.subject_id = ${linkId}
      and a.action = 'link.form_learned' and p.source = 'learned' and p.removed_at is null
    order by a.audit_id desc limit 1`.execute(db)
  return rows[0]
}
