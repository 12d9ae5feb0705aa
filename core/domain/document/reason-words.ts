// Owns the reasons that the hub itself gives for a correction, in each language there are words for.
// Must not change what a person wrote: free text stays as it is.
import type { DocumentLanguage } from './document-locale.ts'

/** As core/services/billing and core/domain/bill/readiness.ts write them. */
export const hubReasons = [
  'It belongs to another account and is billed there.',
  'Nothing is to be billed any more.',
  'The stay was voided.',
  'The charging session was found to be part of another.',
  'The charging session belongs to a stay and is billed with it.',
  'The charging session does not belong to this stay.',
  'The charging session is not over.',
  'The vehicle is still inside; parking is billed when it leaves.',
  'A charging session that has not ended follows as a correction.',
] as const
type HubReason = (typeof hubReasons)[number]

const correctedKinds = [
  'parking',
  'energy',
  'charging time',
  'idle time',
  'session fee',
  'discounts and credits',
  'credits',
] as const
type CorrectedKind = (typeof correctedKinds)[number]

interface ReasonWords {
  corrected: string
  kinds: Readonly<Record<CorrectedKind, string>>
  reasons: Readonly<Record<HubReason, string>>
}

const words: Readonly<Record<Exclude<DocumentLanguage, 'en'>, ReasonWords>> = {
  de: {
    corrected: 'Berichtigt',
    kinds: {
      parking: 'Parken',
      energy: 'Energie',
      'charging time': 'Ladezeit',
      'idle time': 'Standzeit',
      'session fee': 'Startgebühr',
      'discounts and credits': 'Nachlässe und Gutschriften',
      credits: 'Gutschriften',
    },
    reasons: {
      'It belongs to another account and is billed there.': 'Es gehört zu einem anderen Konto und wird dort berechnet.',
      'Nothing is to be billed any more.': 'Es ist nichts mehr zu berechnen.',
      'The stay was voided.': 'Der Aufenthalt wurde storniert.',
      'The charging session was found to be part of another.': 'Der Ladevorgang gehört zu einem anderen.',
      'The charging session belongs to a stay and is billed with it.':
        'Der Ladevorgang gehört zu einem Aufenthalt und wird mit diesem berechnet.',
      'The charging session does not belong to this stay.': 'Der Ladevorgang gehört nicht zu diesem Aufenthalt.',
      'The charging session is not over.': 'Der Ladevorgang ist nicht beendet.',
      'The vehicle is still inside; parking is billed when it leaves.':
        'Das Fahrzeug ist noch da; das Parken wird bei der Ausfahrt berechnet.',
      'A charging session that has not ended follows as a correction.':
        'Ein noch laufender Ladevorgang folgt als Berichtigung.',
    },
  },
  es: {
    corrected: 'Rectificado',
    kinds: {
      parking: 'aparcamiento',
      energy: 'energía',
      'charging time': 'tiempo de carga',
      'idle time': 'tiempo de ocupación',
      'session fee': 'tarifa de inicio',
      'discounts and credits': 'descuentos y abonos',
      credits: 'abonos',
    },
    reasons: {
      'It belongs to another account and is billed there.': 'Pertenece a otra cuenta y se factura en ella.',
      'Nothing is to be billed any more.': 'Ya no hay nada que cobrar.',
      'The stay was voided.': 'La estancia fue anulada.',
      'The charging session was found to be part of another.': 'La sesión de carga forma parte de otra.',
      'The charging session belongs to a stay and is billed with it.':
        'La sesión de carga pertenece a una estancia y se cobra con ella.',
      'The charging session does not belong to this stay.': 'La sesión de carga no pertenece a esta estancia.',
      'The charging session is not over.': 'La sesión de carga no ha terminado.',
      'The vehicle is still inside; parking is billed when it leaves.':
        'El vehículo sigue dentro; el aparcamiento se cobra a la salida.',
      'A charging session that has not ended follows as a correction.':
        'Una sesión de carga sin terminar se añadirá como rectificación.',
    },
  },
  fr: {
    corrected: 'Rectifié',
    kinds: {
      parking: 'stationnement',
      energy: 'énergie',
      'charging time': 'temps de recharge',
      'idle time': 'temps d’occupation',
      'session fee': 'frais de démarrage',
      'discounts and credits': 'remises et avoirs',
      credits: 'avoirs',
    },
    reasons: {
      'It belongs to another account and is billed there.': 'Cela relève d’un autre compte et y est facturé.',
      'Nothing is to be billed any more.': 'Il n’y a plus rien à facturer.',
      'The stay was voided.': 'Le stationnement a été annulé.',
      'The charging session was found to be part of another.': 'La recharge fait partie d’une autre.',
      'The charging session belongs to a stay and is billed with it.':
        'La recharge fait partie d’un stationnement et est facturée avec lui.',
      'The charging session does not belong to this stay.': 'La recharge ne fait pas partie de ce stationnement.',
      'The charging session is not over.': 'La recharge n’est pas terminée.',
      'The vehicle is still inside; parking is billed when it leaves.':
        'Le véhicule est encore là ; le stationnement est facturé à la sortie.',
      'A charging session that has not ended follows as a correction.':
        'Une recharge non terminée suivra comme rectification.',
    },
  },
}

/** `Corrected: parking, energy.`, then what people gave as their reasons. */
const corrected = /^Corrected: ([a-z]+(?: [a-z]+)*(?:, [a-z]+(?: [a-z]+)*)*)\.(?= |$)/

export function reasonIn(language: DocumentLanguage, reason: string): string {
  if (language === 'en') return reason
  const { reasons, kinds, corrected: said } = words[language]
  if (Object.hasOwn(reasons, reason)) return reasons[reason as HubReason]
  const found = corrected.exec(reason)
  const parts = found?.[1]?.split(', ')
  if (!found || !parts?.every((part) => Object.hasOwn(kinds, part))) return reason
  return `${said}: ${parts.map((part) => kinds[part as CorrectedKind]).join(', ')}.${reason.slice(found[0].length)}`
}
