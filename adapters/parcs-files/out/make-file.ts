// Owns the text of a file for the parking system: iParc's eleven columns, or the columns that were set.
// Must not write a line that a spreadsheet could run, nor one that the vendor would cut or misread: it refuses instead.
import {
  currencyExponent,
  Decimal,
  type ParkingAction,
  type ReportedCredential,
  withOffset,
} from '../../../core/plugin/index.ts'
import type { OutAction, OutConfig, OutField } from './out-config.ts'

export type OutgoingAction = Extract<ParkingAction, { kind: OutAction }>
export type MadeFile = { kind: 'file'; text: string } | { kind: 'refused'; reason: string }

export function makeFile(action: OutgoingAction, out: OutConfig, zone: string): MadeFile {
  return out.template === 'amano-iparc' ? iparcFile(action, out, zone) : csvFile(action, out, zone)
}

export function encoded(text: string, encoding: OutConfig['encoding']): Uint8Array {
  switch (encoding) {
    case 'latin1':
      return Buffer.from([...text].map((char) => (char <= '\u00ff' ? char : '?')).join(''), 'latin1')
    case 'utf-16le':
      return Buffer.from(`\uFEFF${text}`, 'utf16le')
    default:
      return Buffer.from(encoding === 'utf-8-bom' ? `\uFEFF${text}` : text)
  }
}

const refused = (reason: string): MadeFile => ({ kind: 'refused', reason })
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
/** What people call themselves must not run in the spreadsheet of whoever looks into the file. */
const harmless = (text: string) => text.replaceAll(/\p{Cc}+/gu, ' ').replace(/^(?=[=+\-@])/, "'")

/** `yyyy MM dd HH mm ss` as the site's wall shows it. */
export function wallText(at: Date, zone: string, pattern: string): string {
  const [, yyyy = '', MM = '', dd = '', HH = '', mm = '', ss = ''] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(withOffset(at, zone)) ?? []
  const parts: Record<string, string> = { yyyy, MM, dd, HH, mm, ss }
  return pattern.replaceAll(/yyyy|MM|dd|HH|mm|ss/g, (token) => parts[token] ?? token)
}

const majorText = (minor: number, currency: string) => {
  const digits = currencyExponent(currency)
  return new Decimal(minor).div(new Decimal(10).pow(digits)).toFixed(digits)
}

/** Research section 2.4: no header, barcode of at most 15 letters and digits, amounts as $000.00, prepaid or validation and not both. */
function iparcFile(action: OutgoingAction, { lotId, usesPerTransaction }: OutConfig, zone: string): MadeFile {
  const remove = action.kind === 'credential.remove'
  const named =
    action.kind === 'credential.put' || remove
      ? action.data.presentations.filter(({ kind }) => kind === 'ticket' || kind === 'qr').map(({ value }) => value)
      : ticketsOf(action.data.credentials)
  const barcodes = [...new Set(named)]
  if (barcodes.length === 0) return refused('iParc knows barcodes only, and there is none.')
  const strange = barcodes.find((code) => !/^[A-Za-z0-9]{1,15}$/.test(code))
  if (strange !== undefined) return refused('iParc takes barcodes of at most 15 letters and digits.')
  let prepaid = ''
  let validation = ''
  if (action.kind === 'stay.prepay') {
    const { amountMinor, currency } = action.data
    if (currency !== 'USD' || amountMinor > 99_999) return refused('iParc takes prepaid amounts up to 999.99 USD.')
    prepaid = `$${majorText(amountMinor, currency).padStart(6, '0')}`
  }
  if (action.kind === 'stay.validate') {
    validation = action.data.providerNo ?? ''
    if (!/^[A-Za-z0-9]{1,20}$/.test(validation))
      return refused('iParc validates by the number of a store, and none was given.')
  }
  const from = (action.kind === 'credential.put' ? action.data.validFrom : null) ?? action.askedAt
  const [first, last] = action.kind === 'credential.put' ? nameParts(action.data.holder ?? '') : ['', '']
  // Unlimited is -1; a prepaid or validated ticket works once.
  const uses = action.kind === 'credential.put' || remove ? '-1' : '1'
  const text = barcodes
    .map((code) =>
      [
        ...[
          code,
          lotId,
          remove ? '2' : '1',
          wallText(from, zone, 'MMddyyyy_HHmm'),
          uses,
          String(usesPerTransaction),
          '',
        ],
        ...[prepaid, validation, quoted(first.slice(0, 15)), quoted(last.slice(0, 15))],
      ].join(','),
    )
    .map((line) => `${line}\r\n`)
    .join('')
  return { kind: 'file', text }
}

const ticketsOf = (credentials: readonly ReportedCredential[]) =>
  credentials.flatMap(({ kind, value }) => (kind === 'ticket' || kind === 'qr' ? [value] : []))

/** "Last, First" or "First Last"; a company is a last name. */
function nameParts(holder: string): [string, string] {
  const text = harmless(holder).trim()
  const [last, first] = text.split(/,\s*/, 2)
  if (first !== undefined) return [first, last ?? '']
  const at = text.lastIndexOf(' ')
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)]
}

type Row = Partial<Record<OutField, string | Date>>

function csvFile(action: OutgoingAction, out: OutConfig, zone: string): MadeFile {
  const rows = rowsOf(action)
  if (rows.length === 0) return refused('There is no credential in it that could be written.')
  const needsQuotes = new RegExp(`["\\r\\n${out.delimiter === '|' ? '\\|' : out.delimiter}]`)
  const cell = (text: string) => (needsQuotes.test(text) ? quoted(text) : text)
  const lines = rows.map((row) =>
    out.columns.map(({ field, constant = '', words, time = 'yyyy-MM-dd HH:mm:ss' }) => {
      const value = field === undefined ? constant : row[field]
      const text = value instanceof Date ? wallText(value, zone, time) : harmless(value ?? '')
      return cell(words?.[text] ?? text)
    }),
  )
  const header = out.header ? [out.columns.map((column) => cell(column.header))] : []
  return { kind: 'file', text: [...header, ...lines].map((cells) => `${cells.join(out.delimiter)}\r\n`).join('') }
}

function rowsOf(action: OutgoingAction): Row[] {
  const base: Row = { action: action.kind, actionId: action.id, askedAt: action.askedAt }
  switch (action.kind) {
    case 'credential.put': {
      const { data } = action
      const about: Row = {
        ...base,
        credentialId: data.credentialId,
        accountNumber: data.accountNumber ?? '',
        holder: data.holder ?? '',
        parkerKind: data.parkerKind,
        groups: data.groups.join(' '),
        plate: data.plates[0]?.text ?? '',
        plateCountry: data.plates[0]?.country ?? '',
        ...(data.validFrom ? { validFrom: data.validFrom } : {}),
        ...(data.validUntil ? { validUntil: data.validUntil } : {}),
        maxInside: data.maxInside === null ? '' : String(data.maxInside),
      }
      return data.presentations.map(({ kind, value, key }) => ({ ...about, kind, value, key }))
    }
    case 'credential.remove': {
      const { credentialId, reason, presentations } = action.data
      return presentations.map(({ kind, value, key }) => ({ ...base, credentialId, reason, kind, value, key }))
    }
    default: {
      const { stayRef, credentials, reason, currency, amountMinor } = action.data
      const { percent, minutes, providerNo } = action.kind === 'stay.validate' ? action.data : {}
      const [known] = credentials
      return [
        {
          ...base,
          stayRef: stayRef ?? '',
          reason,
          kind: known?.kind ?? '',
          value: known?.value ?? '',
          plate: credentials.find(({ kind }) => kind === 'plate')?.value ?? '',
          ...(amountMinor !== undefined && currency !== undefined
            ? { amount: majorText(amountMinor, currency), currency }
            : {}),
          ...(percent === undefined ? {} : { percent: String(percent) }),
          ...(minutes === undefined ? {} : { minutes: String(minutes) }),
          ...(providerNo === undefined ? {} : { providerNo }),
        },
      ]
    }
  }
}
