// Input files and keys of a fleet. Each task of the host tool has its own entry, for example `@moorage/fleet/rollout`.

export { type CsvFormat, csvLine, type CsvRecord, readCsv, readCsvFormat } from "./csv.js"
export { deriveKeys, type DeviceKey } from "./derive-keys.js"
export { FIRMWARE_SETTINGS, parseSetting, SETTING_COLUMNS, type SettingValue } from "./firmware-settings.js"
export { boardFromId, type FleetBoard, type FleetDefaults, readFleet, rewriteColumns } from "./fleet-file.js"
export { type IdSource, type ListedId, readIdList, readListedIds, readRegistrationIds } from "./id-list.js"
export { FleetError, type InputIssue } from "./input-issues.js"
export { checkId, type CheckedId, DuplicateIdTracker, validateKey } from "./validate-ids.js"
