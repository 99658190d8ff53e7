// The table of error codes. docs/reference/errors.md is generated from it (`npm run manual`).

/** How a command ends after an error; a key of EXIT_CODES. */
type ErrorEnd = "failed" | "wrongUsage" | "crashed" | "interrupted"

interface ErrorCodeEntry {
    meaning: string
    /** What to do, unless the message gives more specific advice. */
    cure: string
    end: ErrorEnd
}

/** Meaning and general cure of every code, in alphabetical order. */
export const ERROR_CODES = {
    BOARD_PROFILE_INVALID: {
        meaning: "A board profile is unknown or cannot be read.",
        cure: "Use the name of a profile in the folder boards/.",
        end: "failed",
    },
    BOARD_SETUP_FAILED: {
        meaning: "A simulated board cannot be set up as requested.",
        cure: "Correct the options or the file that the message names.",
        end: "failed",
    },
    CONNECTION_INVALID: {
        meaning:
            "A connection profile, a connection string or an environment variable for DPS or a hub is invalid.",
        cure: "Correct the option, file or variable that the message names.",
        end: "wrongUsage",
    },
    DOCUMENT_INVALID: {
        meaning: "A YAML or JSON file cannot be read, or does not match its schema.",
        cure: "Correct the file at the reported paths and lines.",
        end: "wrongUsage",
    },
    EMULATOR_NOT_STARTED: {
        meaning: "The emulator cannot start, or cannot store its state.",
        cure: "Choose free ports, check the configuration, and use a data folder that no other emulator uses.",
        end: "failed",
    },
    EMULATOR_REQUEST_REJECTED: {
        meaning: "The admin API of the emulator rejected a request.",
        cure: "Use the names and values that the message lists.",
        end: "failed",
    },
    EMULATOR_UNREACHABLE: {
        meaning: "No emulator responds at the address of the admin API.",
        cure: "Start an emulator with `moorage emulate`, or set its admin API with --admin.",
        end: "failed",
    },
    ESPTOOL_FAILED: {
        meaning: "esptool is missing or could not write the image.",
        cure: "Install esptool, connect the board, and close other programs that use its port.",
        end: "failed",
    },
    FILE_NOT_READABLE: {
        meaning: "A file or folder cannot be read.",
        cure: "Check the path and the permissions.",
        end: "failed",
    },
    FILE_NOT_WRITABLE: {
        meaning: "A file or folder cannot be written.",
        cure: "Check the path, the permissions and the free disk space.",
        end: "failed",
    },
    FIRMWARE_BUILD_FAILED: {
        meaning: "The firmware does not compile, or its test suite does not finish.",
        cure: "Correct the reported source line.",
        end: "failed",
    },
    FLASH_INVALID: {
        meaning: "A flash file is not a board flash image, or does not fit the board.",
        cure: "Use another file, or erase it.",
        end: "failed",
    },
    FLEET_FILE_INVALID: {
        meaning: "A fleet file or a list of registration IDs contains errors.",
        cure: "Correct the reported lines.",
        end: "wrongUsage",
    },
    IMAGE_INVALID: {
        meaning: "A manufactured image or its manifest is missing, damaged or not usable.",
        cure: "Run `moorage manufacture` again.",
        end: "failed",
    },
    INTERNAL: {
        meaning: "Moorage has a defect.",
        cure: "Report the defect. Set MOORAGE_DEBUG=1 to print a stack trace.",
        end: "crashed",
    },
    INTERRUPTED: {
        meaning: "The command was interrupted before it finished.",
        cure: "Run the command again.",
        end: "interrupted",
    },
    LOCKED: {
        meaning: "Another process uses the file.",
        cure: "Wait for the other process, or end it.",
        end: "failed",
    },
    MERGE_FAILED: {
        meaning: "Simulation summaries cannot be merged.",
        cure: "Merge only summaries of the same plan and the same firmware.",
        end: "failed",
    },
    NO_CONNECTION: {
        meaning: "The command has no access to DPS or to a hub.",
        cure: "Use --profile FILE or connection strings.",
        end: "wrongUsage",
    },
    PLAN_IMPOSSIBLE: {
        meaning: "No rollout plan satisfies the options.",
        cure: "Change the limit that the message names.",
        end: "wrongUsage",
    },
    PLAN_MISMATCH: {
        meaning: "A rollout plan belongs to other boards, or to the same boards in another order.",
        cure: "Run `moorage rollout plan` for this fleet.",
        end: "wrongUsage",
    },
    PORT_UNAVAILABLE: {
        meaning: "A TCP port cannot be opened.",
        cure: "Use another port, or 0 for any free port.",
        end: "failed",
    },
    POWER_COMMAND_FAILED: {
        meaning: "The command of `moorage rollout run --exec` failed.",
        cure: "Fix the command and run `moorage rollout run` again.",
        end: "failed",
    },
    SECRET_INVALID: {
        meaning: "A key or a Wi-Fi network has an invalid form.",
        cure: "Correct the file or variable that the message names.",
        end: "wrongUsage",
    },
    SERVICE_NOT_FOUND: {
        meaning: "DPS or a hub does not know the requested resource.",
        cure: "Check the registration ID, the group and the host name.",
        end: "failed",
    },
    SERVICE_REFUSED: {
        meaning: "DPS or a hub rejected a request.",
        cure: "Correct the request as the response says.",
        end: "failed",
    },
    SERVICE_RESPONSE_INVALID: {
        meaning: "A response of DPS or a hub cannot be parsed.",
        cure: "Check that the host name belongs to the service.",
        end: "failed",
    },
    SERVICE_THROTTLED: {
        meaning: "DPS or a hub throttled the request (429).",
        cure: "Try again later, or with a lower rate.",
        end: "failed",
    },
    SERVICE_TIMEOUT: {
        meaning: "DPS or a hub did not respond in time.",
        cure: "Try again.",
        end: "failed",
    },
    SERVICE_TLS_FAILED: {
        meaning: "The TLS connection to DPS or a hub failed.",
        cure: "Check the host name, and set the CA with --ca.",
        end: "failed",
    },
    SERVICE_UNAUTHORIZED: {
        meaning: "DPS or a hub rejected the key.",
        cure: "Check the key and the permissions of its shared access policy.",
        end: "failed",
    },
    SERVICE_UNAVAILABLE: {
        meaning: "DPS or a hub has an internal error (5xx).",
        cure: "Try again later.",
        end: "failed",
    },
    SERVICE_UNREACHABLE: {
        meaning: "No network connection to DPS or a hub.",
        cure: "Check the network, the proxy and the host name.",
        end: "failed",
    },
    SETTINGS_INVALID: {
        meaning: "A board setting does not fit into the flash, or has an invalid value.",
        cure: "Correct the setting that the message names.",
        end: "failed",
    },
    STATE_FILE_INVALID: {
        meaning: "A state file is damaged, belongs to another command, or cannot be written.",
        cure: "Use another state file.",
        end: "failed",
    },
    VM_FAILED: {
        meaning: "The DeviceScript VM cannot be loaded, or rejected a program.",
        cure: "Delete node_modules and run the command again.",
        end: "failed",
    },
    WRONG_USAGE: {
        meaning: "An option or an argument is missing, unknown or has an invalid value.",
        cure: "Run the command with --help.",
        end: "wrongUsage",
    },
} as const satisfies Record<string, ErrorCodeEntry>

export type ErrorCode = keyof typeof ERROR_CODES
