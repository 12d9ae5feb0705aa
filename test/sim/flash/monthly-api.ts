// Owns a simulated Flash Monthly API over a real socket: accounts, vehicles, contacts, its result codes and its faults.
// Must not share a line with the adapter: it is written from the public pages alone.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const flashToken = '11111111-2222-4333-8444-555555555555'
export const flashLocation = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'

export interface SimAccount {
  fields: Record<string, unknown>
  vehicles: Map<string, Record<string, unknown>>
  contacts: Map<string, Record<string, unknown>>
  deleted: boolean
}

export interface Flash {
  url: string
  accounts: Map<string, SimAccount>
  /** Calls as "Name Action number". */
  calls: string[]
  /** Where the security token was found. */
  tokenSeenIn: Set<'query' | 'header'>
  /** Answers the next calls so; `after` loses the answer of a call that was carried out, `skip` lets some pass first. */
  fail: { status?: number; headers?: Record<string, string>; body?: string; after?: boolean; skip?: number }[]
  close(): Promise<void>
}

type Result = { Code: string; Message?: string; [more: string]: unknown }

export async function openFlash(): Promise<Flash> {
  const flash: Flash = {
    url: '',
    accounts: new Map(),
    calls: [],
    tokenSeenIn: new Set(),
    fail: [],
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  }
  const send = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  const server = createServer((request, response) => void serve(request, response))

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://flash')
    let text = ''
    for await (const part of request) text += part
    const name = url.pathname.replace('/api/monthly/', '')
    const body = (text === '' ? Object.fromEntries(url.searchParams) : JSON.parse(text)) as Record<string, string>
    flash.calls.push([name, body.ActionType, body.AccountNumber].filter(Boolean).join(' '))
    const [fault] = flash.fail
    const due = fault !== undefined && !(fault.skip && fault.skip-- > 0)
    if (due) flash.fail.shift()
    if (due && !fault.after) {
      if (fault.status === undefined) return void response.destroy()
      return void send(response, fault.status, fault.body ?? {}, fault.headers)
    }
    const result = answer(name, request, url, body)
    if (due) return void response.destroy()
    send(response, 200, { Message: '', LocationProfiles: [], ...result })
  }

  function answer(name: string, request: IncomingMessage, url: URL, body: Record<string, string>): Result {
    const inHeader = request.headers.securitytoken
    const token = url.searchParams.get('securityToken') ?? inHeader
    flash.tokenSeenIn.add(inHeader === undefined ? 'query' : 'header')
    if (token !== flashToken) return { Code: 'InvalidLogin' }
    if ((body.LocationId ?? body.locationId) !== flashLocation) return { Code: 'InvalidLocation' }
    const number = body.AccountNumber ?? ''
    const account = flash.accounts.get(number)
    const there = account !== undefined && !account.deleted ? account : undefined
    if (name === 'GetMonthlyAccount1') {
      if (!there) return { Code: 'NotFound' }
      const Cars = [...there.vehicles.keys()].map((ExternalId) => ({ VehicleGuid: 'x', ExternalId }))
      const Contacts = [...there.contacts.keys()].map((ExternalId) => ({ ContactGuid: 'x', ExternalId }))
      const { StartDate, ValidUntil, ...fields } = there.fields
      // Dates come back in a form of Flash's own.
      const dates = Object.fromEntries(
        Object.entries({ StartDate, ValidUntil }).map(([key, value]) => [
          key,
          typeof value === 'string' ? value.replace(/^(\d{4})-(\d\d)-(\d\d)$/, '$2/$3/$1 00:00:00') : '',
        ]),
      )
      return { Code: 'Success', ...fields, ...dates, Cars, Contacts, ExternalId: number, LocationID: flashLocation }
    }
    const { ActionType, AccountNumber: _, LocationId: __, AccountNumberType: ___, ...fields } = body
    if (name === 'MonthlyAccount6') {
      if (!fields.AccountType) return { Code: 'GeneralFailure', Message: 'AccountType is required' }
      if (ActionType === 'Add') {
        if (account) return { Code: 'GeneralFailure', Message: 'The account number was used before' }
        flash.accounts.set(number, { fields, vehicles: new Map(), contacts: new Map(), deleted: false })
        return { Code: 'Success' }
      }
      if (!there) return { Code: 'NotFound' }
      if (ActionType === 'Delete') there.deleted = true
      else there.fields = { ...there.fields, ...fields }
      return { Code: 'Success' }
    }
    if (name === 'MonthlyVehicle' || name === 'MonthlyContact') {
      if (!there) return { Code: 'NotFound' }
      const parts = name === 'MonthlyVehicle' ? there.vehicles : there.contacts
      const { VehicleId, ContactId, VehicleIdType: _1, ContactIdType: _2, ...rest } = fields
      const id = VehicleId ?? ContactId ?? ''
      if (ActionType === 'Delete') return { Code: parts.delete(id) ? 'Success' : 'NotFound' }
      parts.set(id, rest)
      return { Code: 'Success' }
    }
    return { Code: 'GeneralFailure', Message: 'no such call' }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  flash.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return flash
}
