// Owns what the occupancy of a place says in the hub's words: counters, and single bays taken or free.
// Must not derive a count that was not said, except a percentage of a supply that was.
import type { ParkingFact } from '../../core/plugin/index.ts'
import type { HierarchyElement } from './objects.ts'

/**
 * Occupancy is told again and again under one version of the place (the public examples do not raise it), so the instant of the
 * record names the fact.
 */
export function placeFacts(
  place: HierarchyElement,
  bayOf: (spaceId: string) => string,
  backfilled: boolean,
): ParkingFact[] {
  const { demandTable = [], supply = [] } = place.hierarchyElementReference ?? {}
  const capacity = supply[0]?.supplyQuantity
  return demandTable.flatMap(({ demandType = [], demandSpaceType = [] }) => [
    ...demandType.flatMap(({ count, percentage, recordDateTime }): ParkingFact[] => {
      const occupied =
        count ??
        (percentage !== undefined && capacity !== undefined ? Math.round((capacity * percentage) / 100) : undefined)
      if (occupied === undefined) return []
      const at = new Date(recordDateTime.toUpperCase())
      return [
        {
          id: `place/${place.id}/${at.toISOString()}`,
          revision: 1,
          type: 'occupancy.changed',
          occurredAt: at,
          backfilled,
          data: {
            counter: place.id,
            occupied,
            ...(capacity === undefined ? {} : { capacity, free: capacity - occupied }),
          },
        },
      ]
    }),
    ...demandSpaceType.flatMap(
      ({ spaceId, detectionUpdateTime, occupancyStartTime, occupancyEndTime }): ParkingFact[] => {
        if (!spaceId) return []
        const at = new Date(detectionUpdateTime.toUpperCase())
        return [
          {
            id: `space/${spaceId.id}/${at.toISOString()}`,
            revision: 1,
            type: 'bay.changed',
            occurredAt: at,
            backfilled,
            data: {
              bay: bayOf(spaceId.id),
              occupied: occupancyStartTime !== undefined && occupancyEndTime === undefined,
            },
          },
        ]
      },
    ),
  ])
}
