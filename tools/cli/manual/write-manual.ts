// `npm run manual`: writes docs/reference/commands.md anew.
import { fileURLToPath } from "node:url"
import { writeOutputFile } from "../output-files.js"
import { newProgram } from "../main.js"
import { manualPage } from "./manual-page.js"

writeOutputFile(
    fileURLToPath(new URL("../../../docs/reference/commands.md", import.meta.url)),
    manualPage(newProgram())
)
