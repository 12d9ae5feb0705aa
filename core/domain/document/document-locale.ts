// Owns in which language and forms a document is printed: the wishes in their order, and what the hub has words for.
// Must not hold words; document-words.ts does.

export const documentLanguages = ['en', 'de', 'es', 'fr'] as const
export type DocumentLanguage = (typeof documentLanguages)[number]

/** The language of a locale, where there are words for it. */
export function languageOf(locale: string): DocumentLanguage | null {
  const language = locale.toLowerCase().split('-')[0]
  return documentLanguages.find((each) => each === language) ?? null
}

/** The first wish there are words for; else the forms of the last one, in English words. Wishes may be anything. */
export function documentLocale(wishes: readonly (string | null | undefined)[], standard: string): string {
  for (const wish of wishes) {
    const locale = wish == null ? null : canonical(wish)
    if (locale !== null && languageOf(locale) !== null) return locale
  }
  return canonical(standard) ?? 'en-GB'
}

/** The languages of an `Accept-Language` header, the dearest first; of equals the earlier (RFC 9110 12.5.4). */
export function acceptedLocales(header: string | null): string[] {
  const ranges = (header ?? '').slice(0, 1000).split(',')
  const wishes = ranges.flatMap((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim())
    const quality = parameters
      .map((part) => /^q=([01](?:\.\d{0,3})?)$/.exec(part)?.[1])
      .find((each) => each !== undefined)
    const weight = quality === undefined ? 1 : Number(quality)
    return /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(name) && weight > 0 ? [{ name, weight }] : []
  })
  return wishes.sort((a, b) => b.weight - a.weight).map(({ name }) => name)
}

export const isLocale = (text: string): boolean => canonical(text) !== null

function canonical(text: string): string | null {
  try {
    return Intl.getCanonicalLocales(text)[0] ?? null
  } catch {
    return null
  }
}
