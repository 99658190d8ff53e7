// `npm run manual`: writes docs/moorage.md anew.
import { fileURLToPath } from "node:url"
import { writeWhole } from "../output-files.js"
import { newProgram } from "../main.js"
import { manualPage } from "./manual-page.js"

writeWhole(fileURLToPath(new URL("../../../docs/moorage.md", import.meta.url)), manualPage(newProgram()))
