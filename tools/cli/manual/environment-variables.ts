const POWER_COMMAND = "set for the command of `rollout run --exec`: "

/** Every environment variable that the commands read or set (checked by test/unit/docs/manual.test.ts). */
export const ENVIRONMENT: [name: string, description: string][] = [
    [
        "PROVISIONING_CONNECTION_STRING",
        "connection string of the DPS service API; used only without a profile",
    ],
    ["IOTHUB_CONNECTION_STRING", "connection string of a hub; used only without a profile"],
    ["PROVISIONING_IDSCOPE", "ID scope; used only without a profile"],
    ["PROVISIONING_HOST", "host name of DPS for devices; used only without a profile"],
    ["MOORAGE_GROUP_KEY", "Base64 key of an enrollment group; `--group-key-file` overrides it"],
    ["MOORAGE_WIFI_PSK", "Wi-Fi password for `manufacture`; `--psk-file` overrides it"],
    ["MOORAGE_ADMIN", "URL of the emulator's admin API for `fault`; `--admin` overrides it"],
    ["MOORAGE_DEBUG", "any value prints the stack trace of an unexpected error"],
    ["JOB_COMPLETION_INDEX", "index of this machine for `simulate`; `--index` overrides it"],
    ["MOORAGE_WAVE", `${POWER_COMMAND}number of the wave`],
    ["MOORAGE_BATCH", `${POWER_COMMAND}number of the batch`],
    ["MOORAGE_BOARDS", `${POWER_COMMAND}number of boards in the batch`],
    ["MOORAGE_FIRST_LINE", `${POWER_COMMAND}line of the first board in the fleet file`],
    ["MOORAGE_LAST_LINE", `${POWER_COMMAND}line of the last board in the fleet file`],
    ["MOORAGE_IDS_FILE", `${POWER_COMMAND}file with one registration ID per line`],
]
