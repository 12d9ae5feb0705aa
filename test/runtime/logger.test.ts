// Owns the proof that the hub's own log lines carry no card number, wherever in a line it stands.
// Must not test what else pino does.
import { expect, test } from 'vitest'
import { createLog } from '../../core/runtime/logger.ts'

test('in a field, a message, an error, or as a number: masked up to its last four, and the line stays JSON', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  const card = '4242 4242 4242 4242'
  log.warn({ deep: { text: card }, pan: 4242424242424242, err: new Error(`no ${card}`) }, `said ${card}`)
  log.info({ rfid: '4242424242424242' }, 'a card was shown')
  expect(lines.join('')).not.toContain(card)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    deep: { text: '**** **** **** 4242' },
    pan: 9999999999994242,
    err: { message: 'no **** **** **** 4242' },
    msg: 'said **** **** **** 4242',
  })
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ rfid: '4242424242424242' })
})
