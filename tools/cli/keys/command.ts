import type { Command } from "commander"
import type { DeriveOptions } from "./run.js"

const EXAMPLES = `
Examples
  moorage keys derive board-0001 --stdout                    asks for the group key
  moorage keys derive board-0001 --group-key-file group.key --stdout
  moorage keys derive --from fleet.csv --out keys.csv        keys.csv: registrationId,key; mode 600
  moorage keys derive --from ids.txt --out keys.jsonl --json
  make-ids | moorage keys derive --from - --group-key-file group.key --out keys.csv

The group key comes from --group-key-file, from MOORAGE_GROUP_KEY, or from the standard input; never from an argument.
Exit codes: 0 done, 1 a file cannot be read or written, 2 wrong usage, or mistakes in the IDs (nothing is written).`

/** `moorage keys`. */
export function addKeys(program: Command): void {
    const keys = program.command("keys").summary("device keys of an enrollment group")
    keys.command("derive")
        .summary("derive device keys from a group key")
        .description(
            "Derives the symmetric key of each device of an enrollment group: for one ID, a file or the standard input."
        )
        .argument("[id]", "a registration ID")
        .option("--from <file>", "a CSV, or an ID a line; - for the standard input")
        .option("--column <name>", "the CSV's column with the IDs; registrationId unless given")
        .option("--group-key-file <file>", "its first line is the group's key, Base64")
        .option("--out <file>", "write the keys to this file, for its owner only")
        .option("--stdout", "print the keys", false)
        .option("--json", "JSON lines instead of CSV", false)
        .addHelpText("after", EXAMPLES)
        .action(async (id: string | undefined, options: DeriveOptions) => {
            const { derive } = await import("./run.js")
            await derive(id, options)
        })
}
