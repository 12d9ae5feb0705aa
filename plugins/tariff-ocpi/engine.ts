// Owns the OCPI tariff engine: what the hub calls, sent on to the rules.
// Must not keep anything between two calls but the compiled schema.
import type { TariffEngine } from '../../core/plugin/index.ts'
import { quoteSession } from './quote.ts'
import { checked, rulesReader } from './read-rules.ts'
import { rulesSchema } from './tariff.ts'
import { describeRules } from './words.ts'

export function ocpiEngine(): TariffEngine {
  const read = rulesReader()
  return {
    schema: rulesSchema,
    check: (rules, context) => checked(read(rules), context),
    quote(input) {
      const given = read(input.rules)
      if (given.kind === 'bad') return { kind: 'unpriceable', reason: 'The rules of this tariff are not valid.' }
      if (input.scope !== 'charging') return { kind: 'unpriceable', reason: 'OCPI tariffs price charging only.' }
      if (input.session === null) return { kind: 'unpriceable', reason: 'There is no charging session to price.' }
      return quoteSession(given.rules, input.session, input)
    },
    describe(rules) {
      const given = read(rules)
      return given.kind === 'read' ? describeRules(given.rules) : []
    },
  }
}
