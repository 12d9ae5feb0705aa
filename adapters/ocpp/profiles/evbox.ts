// Owns the departures of EVBox stations.
// Must not hold anything without a source.
import { type ProfileFile, profilePurposes } from '../profile.ts'

export default {
  match: { vendor: 'evbox' },
  flags: { allowedPurposes: profilePurposes.filter((each) => each !== 'station_max') },
  source: 'lbbrhzn/ocpp#221, #1703: ChargePointMaxProfile is rejected, TxDefaultProfile is taken',
} satisfies ProfileFile
