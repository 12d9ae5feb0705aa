// Owns a simulated EasyPark CameraPark: it tells of each paid parking, and again hourly until it is taken or told to be known.
// Must not share a line with the adapter: it is written from developer.easyparkgroup.com's description alone.

export interface EasyPark {
  /** What is still to be told: one try for each at a time. */
  pending: object[]
  transaction(parkingId: number, more?: object): Record<string, unknown>
  /** One round of its hourly tries. @returns the answers' statuses */
  round(): Promise<number[]>
}

export function openEasyPark(url: () => string, headers: Readonly<Record<string, string>>): EasyPark {
  const easypark: EasyPark = {
    pending: [],
    transaction: (parkingId, more = {}) => ({
      parkingId,
      parkingUserId: 8993734,
      licenseNumber: 'ABC123',
      startDate: '2019-03-10T10:02:37Z',
      endDate: '2019-03-10T11:12:00Z',
      parkingAreaId: 291048,
      parkingAreaName: 'Lasarett, besökande',
      parkingOperatorId: 403,
      parkingOperatorName: 'Operator AB',
      price: 22.45,
      priceVatAmount: 4.49,
      priceExclusiveVatAmount: 17.96,
      transactionFeeExclusiveVatAmount: 3.96,
      transactionFeeVatAmount: 0.99,
      transactionFee: 4.95,
      currency: 'USD',
      ...more,
    }),
    async round() {
      const statuses: number[] = []
      for (const body of [...easypark.pending]) {
        const answer = await fetch(url(), {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        }).catch(() => undefined)
        await answer?.arrayBuffer()
        statuses.push(answer?.status ?? 0)
        // 409 is "delivered"; every other 4xx and 5xx comes again.
        if (answer && (answer.status < 400 || answer.status === 409))
          easypark.pending.splice(easypark.pending.indexOf(body), 1)
      }
      return statuses
    },
  }
  return easypark
}
