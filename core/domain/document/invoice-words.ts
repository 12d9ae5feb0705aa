// Owns the words of an invoice in the languages that it is printed in.
// Must not hold amounts or dates; core/domain/document/invoice-document.ts puts them in.
import { lineKinds } from '../price.ts'

export interface InvoiceWords {
  invoice: string
  creditNote: string
  statement: string
  number: string
  issued: string
  due: string
  period: string
  account: string
  reference: string
  corrects: string
  reason: string
  approvedBy: string
  byDepartment: string
  department: string
  lines: string
  date: string
  bill: string
  what: string
  vehicle: string
  driver: string
  quantity: string
  net: string
  tax: string
  gross: string
  taxes: string
  rate: string
  total: string
  paid: string
  toPay: string
  credit: string
  taxId: string
  kinds: Readonly<Record<string, string>>
}

const named = (...names: readonly string[]) => Object.fromEntries(lineKinds.map((kind, i) => [kind, names[i] ?? kind]))

export const invoiceWords = {
  en: {
    invoice: 'Invoice',
    creditNote: 'Credit note',
    statement: 'Statement of account',
    number: 'Number',
    issued: 'Issued',
    due: 'Due',
    period: 'Period',
    account: 'Account',
    reference: 'Your reference',
    corrects: 'Corrects',
    reason: 'Reason',
    approvedBy: 'Approved by',
    byDepartment: 'By department',
    department: 'Department',
    lines: 'Lines',
    date: 'Date',
    bill: 'Bill',
    what: 'Description',
    vehicle: 'Vehicle',
    driver: 'Driver',
    quantity: 'Quantity',
    net: 'Net',
    tax: 'Tax',
    gross: 'Total',
    taxes: 'Tax',
    rate: 'Rate',
    total: 'Total',
    paid: 'Paid or credited',
    toPay: 'To pay',
    credit: 'Your credit',
    taxId: 'Tax number',
    kinds: named(
      'Parking',
      'Energy',
      'Charging time',
      'Idle time',
      'Session fee',
      'Membership',
      'Validation',
      'Discount',
      'Rebate',
      'Paid by others',
    ),
  },
  de: {
    invoice: 'Rechnung',
    creditNote: 'Rechnungskorrektur',
    statement: 'Kontoauszug',
    number: 'Nummer',
    issued: 'Rechnungsdatum',
    due: 'Fällig am',
    period: 'Leistungszeitraum',
    account: 'Kunde',
    reference: 'Ihr Zeichen',
    corrects: 'Korrigiert',
    reason: 'Grund',
    approvedBy: 'Freigegeben von',
    byDepartment: 'Nach Kostenstelle',
    department: 'Kostenstelle',
    lines: 'Positionen',
    date: 'Datum',
    bill: 'Beleg',
    what: 'Leistung',
    vehicle: 'Fahrzeug',
    driver: 'Fahrer',
    quantity: 'Menge',
    net: 'Netto',
    tax: 'USt.',
    gross: 'Brutto',
    taxes: 'Umsatzsteuer',
    rate: 'Satz',
    total: 'Gesamtbetrag',
    paid: 'Bezahlt oder gutgeschrieben',
    toPay: 'Zu zahlen',
    credit: 'Ihr Guthaben',
    taxId: 'Steuernummer',
    kinds: named(
      'Parken',
      'Energie',
      'Ladezeit',
      'Standzeit',
      'Startgebühr',
      'Mitgliedschaft',
      'Validierung',
      'Rabatt',
      'Nachlass',
      'Von anderen bezahlt',
    ),
  },
  es: {
    invoice: 'Factura',
    creditNote: 'Factura rectificativa',
    statement: 'Extracto de cuenta',
    number: 'Número',
    issued: 'Fecha',
    due: 'Vencimiento',
    period: 'Periodo',
    account: 'Cliente',
    reference: 'Su referencia',
    corrects: 'Rectifica',
    reason: 'Motivo',
    approvedBy: 'Aprobado por',
    byDepartment: 'Por departamento',
    department: 'Departamento',
    lines: 'Detalle',
    date: 'Fecha',
    bill: 'Recibo',
    what: 'Concepto',
    vehicle: 'Vehículo',
    driver: 'Conductor',
    quantity: 'Cantidad',
    net: 'Base',
    tax: 'Impuesto',
    gross: 'Total',
    taxes: 'Impuestos',
    rate: 'Tipo',
    total: 'Total',
    paid: 'Pagado o abonado',
    toPay: 'A pagar',
    credit: 'Su saldo a favor',
    taxId: 'Número fiscal',
    kinds: named(
      'Aparcamiento',
      'Energía',
      'Tiempo de carga',
      'Tiempo inactivo',
      'Tarifa de sesión',
      'Abono',
      'Validación',
      'Descuento',
      'Bonificación',
      'Pagado por otros',
    ),
  },
  fr: {
    invoice: 'Facture',
    creditNote: 'Avoir',
    statement: 'Relevé de compte',
    number: 'Numéro',
    issued: 'Date',
    due: 'Échéance',
    period: 'Période',
    account: 'Client',
    reference: 'Votre référence',
    corrects: 'Corrige',
    reason: 'Motif',
    approvedBy: 'Approuvé par',
    byDepartment: 'Par service',
    department: 'Service',
    lines: 'Détail',
    date: 'Date',
    bill: 'Reçu',
    what: 'Désignation',
    vehicle: 'Véhicule',
    driver: 'Conducteur',
    quantity: 'Quantité',
    net: 'HT',
    tax: 'Taxe',
    gross: 'TTC',
    taxes: 'Taxes',
    rate: 'Taux',
    total: 'Total',
    paid: 'Payé ou crédité',
    toPay: 'À payer',
    credit: 'Votre avoir',
    taxId: 'Numéro fiscal',
    kinds: named(
      'Stationnement',
      'Énergie',
      'Temps de recharge',
      'Temps d’inactivité',
      'Frais de session',
      'Abonnement',
      'Validation',
      'Remise',
      'Rabais',
      'Payé par des tiers',
    ),
  },
} as const satisfies Record<string, InvoiceWords>

export type InvoiceLanguage = keyof typeof invoiceWords

/** English where the locale's language is none of them. */
export function invoiceLanguage(locale: string): InvoiceLanguage {
  const language = locale.split('-')[0]?.toLowerCase() ?? ''
  return Object.hasOwn(invoiceWords, language) ? (language as InvoiceLanguage) : 'en'
}
