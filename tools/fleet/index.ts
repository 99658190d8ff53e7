// The fleet's own input files and keys. Each task has an entry of its own: `@moorage/fleet/rollout` and so on.

export { type CsvForm, csvFormOf, csvLine, type CsvRecord, csvRecords } from "./csv.js"
export { deriveKeys, type DeviceKey } from "./derive-keys.js"
export { FIRMWARE_SETTINGS, OWN_COLUMNS, settingOf, type SettingValue } from "./firmware-settings.js"
export { boardOfId, type FleetBoard, type FleetDefaults, readFleet, withColumns } from "./fleet-file.js"
export { type IdSource, type ListedId, listedIds, readIdList, registrationIds } from "./id-list.js"
export { FleetError, type InputIssue } from "./input-issues.js"
export { checkId, type CheckedId, validateKey, DuplicateIdTracker } from "./validate-ids.js"
