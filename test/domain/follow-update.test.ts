// Owns the proof that what became of an update does not depend on the order in which it was told.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { followUpdate, type UpdateFacts } from '../../core/domain/follow-update.ts'

const facts = (more: Partial<UpdateFacts> = {}): UpdateFacts => ({
  command: { state: 'answered', outcome: 'pending', reason: null },
  statuses: [],
  firmware: '1.0',
  wanted: '2.0',
  before: '1.0',
  ...more,
})

test.each<[string, Partial<UpdateFacts>, string]>([
  ['is on its way', {}, 'queued'],
  ['downloads', { statuses: ['downloading'] }, 'downloading'],
  ['installs', { statuses: ['installing', 'downloading', 'downloaded'] }, 'installing'],
  ['is installed', { statuses: ['installing', 'installed'] }, 'installed'],
  ['failed', { statuses: ['downloading', 'download_failed'] }, 'failed'],
  ['failed once and was mended', { statuses: ['download_failed', 'downloading', 'installed'] }, 'installed'],
  ['runs the version though the word was lost', { firmware: '2.0' }, 'installed'],
  ['runs the version though the command failed', { firmware: '2.0', statuses: ['download_failed'] }, 'installed'],
  ['had the version before', { firmware: '2.0', before: '2.0', statuses: ['downloading'] }, 'downloading'],
  ['was refused', { command: { state: 'answered', outcome: 'refused', reason: 'no' } }, 'failed'],
  ['never went out', { command: { state: 'expired', outcome: null, reason: null } }, 'failed'],
  ['says something new', { statuses: ['warming_up'] }, 'queued'],
])('a station that %s', (_what, more, state) => {
  expect(followUpdate(facts(more)).state).toBe(state)
})

test('any order and doubling of words comes to the same', () => {
  const word = fc.constantFrom(
    'downloading',
    'downloaded',
    'installing',
    'installed',
    'download_failed',
    'invalid_signature',
    'odd',
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (statuses, picks) => {
      const shuffled = [...statuses, ...statuses]
        .map((status) => ({ status, at: picks.next().value ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ status }) => status)
      expect(followUpdate(facts({ statuses: shuffled }))).toEqual(followUpdate(facts({ statuses })))
    }),
  )
})
