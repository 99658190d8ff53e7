const GIVEN = "given to the command of `rollout run --exec`: "

/** Every environment variable that the commands read or give (test/unit/docs/manual.test.ts looks for others). */
export const ENVIRONMENT: [name: string, what: string][] = [
    ["PROVISIONING_CONNECTION_STRING", "access to the service API of DPS, without a profile"],
    ["IOTHUB_CONNECTION_STRING", "access to the service API of a hub, without a profile"],
    ["PROVISIONING_IDSCOPE", "the ID scope, without a profile"],
    ["PROVISIONING_HOST", "where devices reach DPS, without a profile"],
    ["MOORAGE_GROUP_KEY", "the key of an enrollment group, Base64; `--group-key-file` goes before it"],
    ["MOORAGE_WIFI_PSK", "the Wi-Fi password for `manufacture`; `--psk-file` goes before it"],
    ["MOORAGE_ADMIN", "the admin API of the emulator for `fault`; `--admin` goes before it"],
    ["JOB_COMPLETION_INDEX", "which part of many machines' seeds `simulate` runs; `--index` goes before it"],
    ["MOORAGE_WAVE", `${GIVEN}the wave`],
    ["MOORAGE_BATCH", `${GIVEN}the batch, whose boards are to be powered on`],
    ["MOORAGE_BOARDS", `${GIVEN}how many boards`],
    ["MOORAGE_FIRST_LINE", `${GIVEN}the first one's line in the fleet file`],
    ["MOORAGE_LAST_LINE", `${GIVEN}the last one's line`],
    ["MOORAGE_IDS_FILE", `${GIVEN}a file with their registration IDs, one a line`],
]
