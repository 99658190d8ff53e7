import { type Command, Option } from "commander"
import { DEFAULT_COLUMN, type DeriveOptions } from "./derive-options.js"

const EPILOGUE = `
Examples
  moorage keys derive board-0001 --stdout                    prompts for the group key
  moorage keys derive board-0001 --group-key-file group.key --stdout
  moorage keys derive --from fleet.csv --out keys.csv        CSV with registrationId and key, mode 0600
  moorage keys derive --from ids.txt --out keys.jsonl --json
  make-ids | moorage keys derive --from - --group-key-file group.key --out keys.csv

The group key comes from --group-key-file, from MOORAGE_GROUP_KEY or from the standard input, but never from an argument.

Exit codes: 0 done, 1 a file cannot be read or written, 2 wrong usage or invalid IDs (nothing is written), 130 interrupted.`

/** Adds `moorage keys derive`. */
export function addKeys(program: Command): void {
    const keys = program
        .command("keys")
        .summary("derive the device keys of an enrollment group")
        .description("Derives the device keys of an enrollment group.")
    keys.command("derive")
        .summary("derive device keys from a group key")
        .description(
            "Derives device keys from the key of an enrollment group. The IDs come from the argument, a file or the standard input."
        )
        .argument("[id]", "registration ID")
        .option("--from <file>", "CSV file or file with one ID per line; - for the standard input")
        .addOption(
            new Option("--column <name>", "CSV column with the IDs").default(undefined, DEFAULT_COLUMN)
        )
        .option("--group-key-file <file>", "file with the Base64 group key in the first line")
        .option("--out <file>", "output file for the keys, with mode 0600")
        .option("--stdout", "print the keys to stdout", false)
        .option("--json", "output as JSON lines instead of CSV", false)
        .addHelpText("after", EPILOGUE)
        .action(async (id: string | undefined, options: DeriveOptions) => {
            const { derive } = await import("./run.js")
            await derive(id, options)
        })
}
