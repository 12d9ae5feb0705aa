// Owns the 125 headings of DATEV's Buchungsstapel, format version 13, in their order, and the places of those that are filled.
// Must not leave one out: DATEV reads by place.

const pairs = (count: number, kind: string, content: string) =>
  Array.from({ length: count }, (_, i) => [`${kind} ${i + 1}`, `${content} ${i + 1}`]).flat()

export const columns: readonly string[] = [
  ...'Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;WKZ Basis-Umsatz;Konto'.split(
    ';',
  ),
  ...'Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;Belegfeld 2;Skonto;Buchungstext'.split(';'),
  ...'Postensperre;Diverse Adressnummer;Geschäftspartnerbank;Sachverhalt;Zinssperre;Beleglink'.split(';'),
  ...pairs(8, 'Beleginfo - Art', 'Beleginfo - Inhalt'),
  ...'KOST1 - Kostenstelle;KOST2 - Kostenstelle;Kost-Menge;EU-Land u. UStID (Bestimmung)'.split(';'),
  ...'EU-Steuersatz (Bestimmung);Abw. Versteuerungsart;Sachverhalt L+L;Funktionsergänzung L+L'.split(';'),
  ...'BU 49 Hauptfunktionstyp;BU 49 Hauptfunktionsnummer;BU 49 Funktionsergänzung'.split(';'),
  ...pairs(20, 'Zusatzinformation - Art', 'Zusatzinformation- Inhalt'),
  ...'Stück;Gewicht;Zahlweise;Forderungsart;Veranlagungsjahr;Zugeordnete Fälligkeit;Skontotyp;Auftragsnummer'.split(
    ';',
  ),
  ...'Buchungstyp;USt-Schlüssel (Anzahlungen);EU-Land (Anzahlungen);Sachverhalt L+L (Anzahlungen)'.split(';'),
  ...'EU-Steuersatz (Anzahlungen);Erlöskonto (Anzahlungen);Herkunft-Kz;Buchungs GUID;KOST-Datum'.split(';'),
  ...'SEPA-Mandatsreferenz;Skontosperre;Gesellschaftername;Beteiligtennummer;Identifikationsnummer'.split(';'),
  ...'Zeichnernummer;Postensperre bis;Bezeichnung SoBil-Sachverhalt;Kennzeichen SoBil-Buchung;Festschreibung'.split(
    ';',
  ),
  ...'Leistungsdatum;Datum Zuord. Steuerperiode;Fälligkeit;Generalumkehr (GU);Steuersatz;Land'.split(';'),
  ...'Abrechnungsreferenz;BVV-Position;EU-Land u. UStID (Ursprung);EU-Steuersatz (Ursprung);Abw. Skontokonto'.split(
    ';',
  ),
]

export type Filled = Readonly<Record<keyof typeof places, string>>

const places = {
  amount: 'Umsatz (ohne Soll/Haben-Kz)',
  side: 'Soll/Haben-Kennzeichen',
  currency: 'WKZ Umsatz',
  account: 'Konto',
  contra: 'Gegenkonto (ohne BU-Schlüssel)',
  taxKey: 'BU-Schlüssel',
  date: 'Belegdatum',
  document: 'Belegfeld 1',
  entry: 'Belegfeld 2',
  text: 'Buchungstext',
  costCentre1: 'KOST1 - Kostenstelle',
  costCentre2: 'KOST2 - Kostenstelle',
  locked: 'Festschreibung',
} as const

const names = Object.keys(places) as (keyof typeof places)[]
const filledPlaces = names.map((name) => ({ name, place: columns.indexOf(places[name]) }))

/** A row of the 125 cells, as they stand in the file. */
export function rowOf(filled: Filled): string {
  const cells: string[] = new Array(columns.length).fill('')
  for (const { name, place } of filledPlaces) cells[place] = filled[name]
  return cells.join(';')
}
