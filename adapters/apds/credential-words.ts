// Owns which APDS credential type stands for which kind of the hub's, both ways, and the letters that two plates are compared by.
// Must not normalise a credential's text; the core does.
import type { ReportedCredential } from '../../core/plugin/index.ts'
import { type ApdsCredential, kindOfType } from './objects.ts'

type Kind = ReportedCredential['kind']

const words: Readonly<
  Record<Kind, { type: keyof typeof kindOfType; className: string; assigned: 'vehicle' | 'other' }>
> = {
  plate: { type: 'licensePlate', className: 'LicensePlate', assigned: 'vehicle' },
  card: { type: 'rfid', className: 'Card', assigned: 'other' },
  ticket: { type: 'ticket', className: 'Ticket', assigned: 'other' },
  qr: { type: 'qrCode', className: 'QrCode', assigned: 'other' },
  app: { type: 'electronicID', className: 'App', assigned: 'other' },
  emaid: { type: 'electronicID', className: 'Emaid', assigned: 'other' },
  phone: { type: 'electronicID', className: 'Phone', assigned: 'other' },
}

export function toApds(kind: string, value: string): ApdsCredential {
  const { type, className, assigned } = words[kind as Kind] ?? words.app
  return { type, credentialAssignedType: assigned, identifier: { id: value, className } }
}

/** `country` is that of the identified vehicle (two letters, lower case in APDS). */
export function fromApds({ type, identifier }: ApdsCredential, country?: string): ReportedCredential {
  const named = identifier.className?.toLowerCase()
  const kind = type === 'electronicID' && (named === 'emaid' || named === 'phone') ? named : kindOfType[type]
  return { kind, value: identifier.id, ...(kind === 'plate' && country ? { country: country.toUpperCase() } : {}) }
}

export function plainText(value: string): string {
  return value.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}
