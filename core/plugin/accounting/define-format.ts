// Owns what every accounting format has to look at before it writes: its options, the outside names of accounts and tax codes,
// the digits of the currency.
// Must not know one of them; a format adds its own checks.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type {
  AccountingFormat,
  AccountMapping,
  BookEntry,
  ClosedPeriod,
  ExportFile,
  ExportProblem,
} from '../../domain/closed-period.ts'
import { atOnce, type InSteps } from '../../domain/in-steps.ts'
import { pointerTo } from '../../domain/json-pointer.ts'
import { currencyExponent } from '../../domain/money.ts'
import { errorsOf } from './option-errors.ts'
import { entriesPerStep } from './write-lines.ts'

/** What a format gets once everything has been checked. */
export interface ExportJob<Options> {
  period: ClosedPeriod
  options: Options
  /** The outside name of an account of the hub. */
  account(code: string): string
  /** The outside name of a tax code; empty for no code and for one that has none. */
  tax(code: string | null): string
}

export interface FormatDefinition<Options> {
  id: string
  title: string
  /** JSON Schema with a default for everything that is not required. */
  options: object
  /** The most digits after the point that the product takes. */
  mostDigits: number
  /** Why this cannot be the name of an account there; null when it can. */
  accountFault(name: string): string | null
  /** The same of a tax code. Without it tax codes need no mapping. */
  taxFault?(name: string): string | null
  /** What else would make the file wrong; asked only when all the rest is right. Nothing is a stop on the way. */
  faults?(job: ExportJob<Options>): Iterable<ExportProblem | undefined>
  write(job: ExportJob<Options>): InSteps<readonly ExportFile[]>
}

/** Problems told at once; one missing setting may spoil a hundred thousand entries. */
const mostProblems = 100

/** A format of the definition, which checks before it writes and throws rather than write what it would find fault with. */
export function defineAccountingFormat<Options extends object>(
  definition: FormatDefinition<Options>,
): AccountingFormat {
  const { id, title, options: schema } = definition
  let compiled: ValidateFunction<Options> | undefined
  const compile = () =>
    new Ajv2020({ allErrors: true, useDefaults: true, strict: true, strictRequired: false }).compile<Options>(schema)

  function* ready(period: ClosedPeriod, mapping: AccountMapping, given: unknown): InSteps<Ready<Options>> {
    // When first asked for: a hub's start does not pay for formats that nobody exports.
    compiled ??= compile()
    const validate = compiled
    const options: unknown = structuredClone(given ?? {})
    const problems: ExportProblem[] = validate(options) ? [] : errorsOf(validate.errors)
    problems.push(...mappingProblems(definition, yield* usedNames(period.entries), mapping))
    if (currencyExponent(period.currency) > definition.mostDigits)
      problems.push({
        pointer: '',
        message: `${title} takes amounts with ${definition.mostDigits} digits after the point; ${period.currency} has ${currencyExponent(period.currency)}.`,
      })
    const job: ExportJob<Options> = {
      period,
      options: options as Options,
      account: (code) => own(mapping.accounts, code) ?? '',
      tax: (code) => (code === null ? '' : (own(mapping.taxCodes, code) ?? '')),
    }
    if (problems.length === 0)
      for (const problem of definition.faults?.(job) ?? []) {
        if (problem === undefined) yield
        else if (problems.push(problem) >= mostProblems) break
      }
    return problems.length > 0 ? { kind: 'faulty', problems: problems.slice(0, mostProblems) } : { kind: 'ready', job }
  }

  function* checking(period: ClosedPeriod, mapping: AccountMapping, options: unknown) {
    const made = yield* ready(period, mapping, options)
    return made.kind === 'faulty' ? made.problems : []
  }
  function* writing(period: ClosedPeriod, mapping: AccountMapping, options: unknown) {
    const made = yield* ready(period, mapping, options)
    if (made.kind === 'ready') return yield* definition.write(made.job)
    const [first] = made.problems
    throw new RangeError(`${id} cannot be written, at ${first?.pointer || '/'}: ${first?.message}`)
  }
  return {
    id,
    title,
    options: schema,
    check: (period, mapping, given) => atOnce(checking(period, mapping, given)),
    write: (period, mapping, given) => atOnce(writing(period, mapping, given)),
    checking,
    writing,
  }
}

type Ready<Options> =
  | { kind: 'ready'; job: ExportJob<Options> }
  | { kind: 'faulty'; problems: readonly ExportProblem[] }

/** A name that somebody entered; what the record's prototype has is none. */
const own = (names: Readonly<Record<string, string>>, code: string): string | undefined =>
  Object.hasOwn(names, code) ? names[code] : undefined

function* mappingProblems<Options>(
  { accountFault, taxFault, title }: FormatDefinition<Options>,
  { accounts, taxCodes }: UsedNames,
  mapping: AccountMapping,
): Generator<ExportProblem> {
  for (const code of accounts) {
    const name = own(mapping.accounts, code)
    const fault = name === undefined || name === '' ? `has no account in ${title} yet` : accountFault(name)
    if (fault !== null) yield { pointer: pointerTo('accounts', code), message: sentence(code, name, fault) }
  }
  if (!taxFault) return
  for (const code of taxCodes) {
    const name = own(mapping.taxCodes, code)
    const fault = name === undefined ? `has no tax code in ${title} yet` : taxFault(name)
    if (fault !== null) yield { pointer: pointerTo('taxCodes', code), message: sentence(code, name, fault) }
  }
}

const sentence = (code: string, name: string | undefined, fault: string) =>
  name ? `The name "${name.slice(0, 80)}" for ${code} ${fault}.` : `${code} ${fault}.`

interface UsedNames {
  accounts: Set<string>
  taxCodes: Set<string>
}

function* usedNames(entries: readonly BookEntry[]): InSteps<UsedNames> {
  const accounts = new Set<string>()
  const taxCodes = new Set<string>()
  for (const [i, { postings }] of entries.entries()) {
    if (i % entriesPerStep === entriesPerStep - 1) yield
    for (const { debit, credit, taxCode } of postings) {
      accounts.add(debit).add(credit)
      if (taxCode !== null) taxCodes.add(taxCode)
    }
  }
  return { accounts, taxCodes }
}
