// Owns asking for a partner: a new one, or other terms of one that is there.
// Must not decide what a partner may be; what the hub refuses is said.
import { minorOf } from './amount-field.js'
import * as api from './api.js'
import { majorText } from './formats.js'
import { run } from './run-change.js'
import { directions, editions, optionsOf, partnerRoles } from './settling-words.js'

/** `partner`: null for a new one. Which side owes, the code and the currency stay as they were made. */
export function askPartner(app, partner) {
  const currency = partner?.currency ?? app.site.currency
  app.ask({
    title: partner === null ? 'Add a partner' : `Change ${partner.name}?`,
    text:
      partner === null
        ? 'A charging network or roaming partner that settles with this site.'
        : 'It holds for records that are taken in from now on; what was priced stays.',
    action: partner === null ? 'Add it' : 'Change it',
    tone: 'calm',
    fields: [
      { name: 'name', label: 'Name', required: true, value: partner?.name },
      ...(partner === null ? ownFields(currency) : []),
      {
        name: 'countryCode',
        label: 'Country',
        value: partner?.countryCode ?? '',
        hint: 'Of its OCPI party, such as DE.',
      },
      { name: 'partyId', label: 'Party', value: partner?.partyId ?? '', hint: 'Of its OCPI party, three signs.' },
      {
        name: 'role',
        label: 'Role',
        value: partner?.role ?? 'principal',
        options: optionsOf(partnerRoles),
      },
      {
        name: 'commissionPercent',
        label: 'Commission in %',
        value: partner?.commissionPercent ?? '',
        hint: 'What stays here where it sells for the owner.',
      },
      { name: 'taxCode', label: 'Tax code', required: true, value: partner?.tax.code ?? 'standard' },
      { name: 'taxPercent', label: 'Tax in %', required: true, value: partner?.tax.percent },
      {
        name: 'tariffId',
        label: 'Priced anew by',
        value: partner?.tariffId ?? '',
        options: [
          ['', 'The tariff that each record brings'],
          ...app.data.items('ocpiTariffs').map(({ tariffId, code, name }) => [tariffId, name || code]),
        ],
        hint: 'An OCPI tariff.',
      },
      {
        name: 'tolerance',
        label: `Does not matter up to, in ${currency}`,
        required: true,
        value: majorText(partner?.toleranceMinor ?? 1, currency),
      },
      {
        name: 'edition',
        label: 'Edition of OCPI',
        value: partner?.edition ?? '2.2.1',
        options: editions.map((edition) => [edition, edition]),
      },
      {
        name: 'address',
        label: 'Address',
        value: partner?.address.join('; ') ?? '',
        hint: 'As on its statements; a semicolon ends each line.',
      },
    ],
    run: (typed) => send(app, partner, currency, typed),
  })
}

const ownFields = (currency) => [
  {
    name: 'code',
    label: 'Code',
    required: true,
    hint: 'Short and without spaces; numbers of its statements begin so.',
  },
  { name: 'direction', label: 'Who owes', value: 'owes_us', options: optionsOf(directions) },
  { name: 'currency', label: 'Currency', required: true, value: currency },
]

async function send(app, partner, currency, typed) {
  const { countryCode, partyId, taxCode, taxPercent, tariffId, tolerance, address, commissionPercent, ...rest } = typed
  const made = await run(app, {
    async request() {
      const body = {
        ...rest,
        countryCode: countryCode.trim() || null,
        partyId: partyId.trim() || null,
        ...(commissionPercent.trim() === '' ? {} : { commissionPercent: commissionPercent.trim() }),
        tax: { code: taxCode, percent: taxPercent },
        tariffId: tariffId || null,
        toleranceMinor: minorOf(tolerance, rest.currency ?? currency),
        address: address
          .split(';')
          .map((line) => line.trim())
          .filter(Boolean),
      }
      return partner === null
        ? api.post('/api/v1/partners', { siteId: app.siteId, ...body })
        : api.patch(`/api/v1/partners/${partner.partnerId}`, body, partner.version)
    },
    done: partner === null ? 'The partner is added' : 'The partner is changed',
    failed: partner === null ? 'Not added' : 'Not changed',
    touch: ['partners'],
  })
  if (made !== null && partner === null) app.open({ kind: 'partner', id: made.partnerId }, null)
}
