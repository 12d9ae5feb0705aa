// Owns the profile of the made-up vendor of test/sim/parcs-template that the tests vary.
// Must not hold expectations.
import type { Profile } from '../../../adapters/parcs-template/profile.ts'

export const hmacOut = {
  kind: 'hmac',
  canonical: '{method}\n{path}\n{query}\n{timestamp}\n{nonce}\n{bodyHash}',
  algorithm: 'sha512',
  encoding: 'base64',
  header: 'x-auth',
  format: 'HUB {user}:{timestamp}:{nonce}:{signature}',
} as const

export const hmacIn = {
  kind: 'hmac',
  canonical: '{timestamp}.{body}',
  algorithm: 'sha256',
  encoding: 'hex',
  header: 'x-signature',
  format: 't={timestamp},v1={signature}',
  toleranceSeconds: 120,
  replaySeconds: 3_600,
} as const

const time = (path: string) => ({ path, steps: [{ do: 'time' as const }] })

export const movementFacts = [
  {
    name: 'pass',
    when: [{ path: '/kind', is: ['IN', 'OUT'] }],
    fact: 'gate.passed',
    key: [{ path: '/id' }],
    occurredAt: time('/at'),
    stayRef: { path: '/ticket' },
    lane: { path: '/gate', steps: [{ do: 'split', by: ':', at: -1 }] },
    credentials: [{ kind: 'plate', value: { path: '/plate', steps: [{ do: 'plate' }] } }],
    data: { direction: { path: '/kind', steps: [{ do: 'lookup', table: 'direction' }] } },
  },
  {
    name: 'price',
    when: [
      { path: '/kind', is: ['OUT'] },
      { path: '/price', present: true },
    ],
    fact: 'stay.priced',
    key: [{ path: '/id' }],
    occurredAt: time('/at'),
    stayRef: { path: '/ticket' },
    data: {
      amountMinor: { path: '/price', steps: [{ do: 'amount' }] },
      currency: { const: 'EUR' },
      final: { const: true },
      priceRef: { path: '/id' },
    },
  },
  {
    name: 'payment',
    when: [{ path: '/payments', present: true }],
    each: '/payments',
    fact: 'payment.captured',
    key: [{ path: '/id', of: 'message' }, { path: '/no' }],
    occurredAt: time('/at'),
    stayRef: { path: '/ticket', of: 'message' },
    data: {
      amountMinor: { path: '/sum', steps: [{ do: 'amount' }] },
      currency: { const: 'EUR' },
      scope: { const: 'parking' },
    },
  },
] satisfies NonNullable<Profile['polls']>[number]['facts']

export const someProfile = {
  profile: 'made-up',
  title: 'Made-up parking',
  status: 'public',
  sources: ['test/sim/parcs-template'],
  zone: 'Europe/Berlin',
  currency: 'EUR',
  lookups: { direction: { IN: 'entry', OUT: 'exit' } },
  polls: [
    {
      name: 'movements',
      request: { method: 'GET', path: '/v1/movements', query: { size: '2' } },
      items: '/data',
      paging: { kind: 'page', param: 'page', size: 2 },
      cursor: { kind: 'time', path: '/changedAt', param: 'since', overlap: 60, startHours: 24 },
      facts: movementFacts,
    },
  ],
  webhooks: [
    { path: 'events', auth: hmacIn, items: '/events', facts: movementFacts },
    { path: 'plain', auth: { kind: 'bearer' }, accept: 'form', facts: movementFacts },
  ],
  check: { method: 'GET', path: '/v1/status' },
  actions: {
    'stay.confirm': {
      repeatable: false,
      request: {
        method: 'POST',
        path: '/v1/confirmations/{key}',
        values: { key: { path: '/id' } },
        body: {
          ticket: { take: { path: '/data/stayRef' } },
          amount: { take: { path: '/data/amountMinor', steps: [{ do: 'major' }] } },
          bill: { take: { path: '/data/authorisation' } },
          paid: { take: { path: '/data/paidAt', steps: [{ do: 'writeTime', as: 'local' }] } },
          price: { take: { path: '/data/priceRef' } },
        },
      },
      answers: [
        { when: [{ path: '/state', is: ['OK'] }], means: 'done', reference: '/receipt' },
        { when: [{ path: '/state', is: ['NO'] }], means: 'refused', reason: '/text' },
      ],
      ask: {
        request: { method: 'GET', path: '/v1/confirmations/{key}', values: { key: { path: '/id' } } },
        answers: [
          { status: [200], when: [{ path: '/state', is: ['OK'] }], means: 'done' },
          { status: [404], means: 'not_done' },
        ],
      },
    },
    'stay.validate': {
      repeatable: true,
      request: {
        method: 'PUT',
        path: '/v1/validations/{ticket}',
        values: { ticket: { path: '/data/stayRef' } },
        body: { minutes: { take: { path: '/data/minutes' } } },
      },
    },
    'credential.put': {
      repeatable: true,
      request: {
        method: 'PUT',
        path: '/v1/permits/{id}',
        values: { id: { path: '/data/credentialId' } },
        body: {
          plates: { each: '/data/plates', of: { take: { path: '/text' } } },
          group: { take: { path: '/data/groups/0' } },
        },
      },
    },
    'credential.remove': {
      repeatable: true,
      request: { method: 'DELETE', path: '/v1/permits/{id}', values: { id: { path: '/data/credentialId' } } },
      answers: [{ status: [200, 404], means: 'done' }],
    },
  },
} satisfies Profile
