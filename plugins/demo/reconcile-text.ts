// Owns the reconciliation as plain text for a terminal.
// Must not judge.
import type { Difference, Reconciliation } from './reconciliation.ts'

const width = 74

export function renderReconciliation(result: Reconciliation, currency = 'USD'): string {
  const money = (minor: number) => `${group(minor, 2)} ${currency}`
  const kwh = (wh: number) => `${group(wh, 3)} kWh`
  const { stays, sessions, links, energy, money: sums } = result
  const out: string[] = []
  const rule = (title: string) => out.push('', `── ${title} ${'─'.repeat(Math.max(0, width - title.length - 4))}`)
  const row = (name: string, ...values: string[]) =>
    out.push(`${name.padEnd(34)}${values.map((v) => v.padStart(13)).join('')}`)

  rule('Stays and sessions')
  row('', 'true', 'recorded', 'matched')
  row('Stays', count(stays.true), count(stays.recorded), count(stays.matched))
  row('Stays taken back', '', count(stays.voided), '')
  row('Charging sessions', count(sessions.true), count(sessions.recorded), count(sessions.matched))

  rule('Links')
  row('', 'right', 'wrong')
  for (const [method, { right, wrong }] of [...links.byMethod].sort()) row(`By ${method}`, count(right), count(wrong))
  row('Sessions linked', count(links.right), count(links.wrong))
  row('Waiting for a person', count(links.review + links.reviewOther))
  row('Not linked', count(links.missed))
  const share = `${(links.rightPerMille / 10).toFixed(1)} %`
  row('Exact evidence: linked right', `of ${count(links.linkable)}`, share)
  row('Inexact evidence / none', count(links.doubtful), count(links.unlinkable))

  rule('Energy')
  row('Delivered', kwh(energy.trueWh))
  row('Recorded', kwh(energy.recordedWh), signed(energy.recordedWh - energy.trueWh, kwh))
  row('Billed', kwh(energy.billedWh), signed(energy.billedWh - energy.recordedWh, kwh))

  rule('Money')
  row('', 'lines', 'net', 'total')
  for (const [kind, sum] of [...sums.byKind].sort())
    row(kind, count(sum.lines), money(sum.netMinor), money(sum.totalMinor))
  row(
    `${count(sums.bills)} bills, ${count(sums.adjustments)} adjustments`,
    '',
    money(sums.netMinor),
    money(sums.totalMinor),
  )
  row('Posted to receivables', '', '', money(sums.postedMinor))
  row(`${count(sums.payments)} payments at the pay station`, '', '', money(sums.paidMinor))

  if (result.openReviews.size > 0) {
    rule('Doubtful records that wait for a person')
    for (const [kind, number] of [...result.openReviews].sort()) row(kind, count(number))
  }

  const explained = byClass(result.differences.filter((one) => one.explained))
  rule('Differences, explained')
  if (explained.size === 0) out.push('none')
  for (const [name, list] of explained) out.push(`${count(list.length).padStart(6)}  ${name}`)

  const open = byClass(result.differences.filter((one) => !one.explained))
  rule('Differences, unexplained')
  if (open.size === 0) out.push('none')
  for (const [name, list] of open) {
    out.push(`${count(list.length).padStart(6)}  ${name}`)
    for (const one of list.slice(0, 5)) out.push(`        ${one.subject}: ${one.detail}`)
    if (list.length > 5) out.push(`        and ${count(list.length - 5)} more`)
  }
  return out.join('\n')
}

function byClass(differences: readonly Difference[]): Map<string, Difference[]> {
  const out = new Map<string, Difference[]>()
  for (const one of differences) out.set(one.class, [...(out.get(one.class) ?? []), one])
  return new Map([...out].sort(([, a], [, b]) => b.length - a.length))
}

const count = (value: number) => value.toString().replace(/\B(?=(\d{3})+$)/g, ',')

/** An integer with the point moved in, and its thousands apart: 890052 at 3 is "890.052". */
function group(value: number, decimals: number): string {
  const digits = Math.abs(value)
    .toString()
    .padStart(decimals + 1, '0')
  return `${value < 0 ? '-' : ''}${count(Number(digits.slice(0, -decimals)))}.${digits.slice(-decimals)}`
}

function signed(value: number, text: (value: number) => string): string {
  return value === 0 ? 'equal' : `${value > 0 ? '+' : ''}${text(value)}`
}
