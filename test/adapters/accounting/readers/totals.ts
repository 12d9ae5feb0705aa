// Owns what every reader of a format makes of a file: entries of amounts by account, in minor units.
// Must not share code with what writes it.

export interface ReadLine {
  entry: string
  account: string
  /** Debit above zero. */
  amount: bigint
}

/** Minor units of a decimal text with exactly these digits; throws on anything else. */
export function amountOf(text: string, digits: number, mark = '.'): bigint {
  const [whole = '', part = '', ...rest] = text.split(mark)
  if (rest.length > 0 || !/^-?\d+$/.test(whole) || part.length !== digits || !/^\d*$/.test(part))
    throw new Error(`not an amount with ${digits} digits: "${text}"`)
  return BigInt(`${whole}${part}`)
}

/** Of a pair of columns, exactly one of which is filled. */
export function sideOf(debit: string, credit: string, digits: number): bigint {
  if ((debit === '') === (credit === '')) throw new Error(`debit "${debit}" and credit "${credit}"`)
  return debit === '' ? -amountOf(credit, digits) : amountOf(debit, digits)
}

/** Net by account, without those that came to nothing; throws when an entry does not balance. */
export function totalsOf(lines: readonly ReadLine[]): Record<string, string> {
  const entries = new Map<string, bigint>()
  const accounts = new Map<string, bigint>()
  for (const { entry, account, amount } of lines) {
    entries.set(entry, (entries.get(entry) ?? 0n) + amount)
    accounts.set(account, (accounts.get(account) ?? 0n) + amount)
  }
  for (const [entry, rest] of entries) if (rest !== 0n) throw new Error(`entry ${entry} is out of balance by ${rest}`)
  return Object.fromEntries([...accounts].filter(([, net]) => net !== 0n).map(([name, net]) => [name, String(net)]))
}
