// Owns on which side of the revenue a line of a bill counts and whether it was billed ahead, as SQL over the alias `l` of its line.
// Must not add up.

export type RevenueSide = 'parking' | 'charging' | 'other'

export const revenueSide = `case when l.kind in ('CREDIT', 'MEMBERSHIP', 'REBATE') then 'other'
  when l.session_id is not null then 'charging' else 'parking' end`

/** Of the bill `alias`: a membership's own charge, which the books have as deferred revenue until it is served. */
export const billedAhead = (alias: string) => `(l.kind = 'MEMBERSHIP' and ${alias}.subject_key like 'membership:%')`
