// The monitor: how a fleet stands, from the service API of its DPS.
export {
    type Failure,
    type GroupSurvey,
    type HourSurvey,
    survey,
    type Survey,
    type SurveyOptions,
} from "./survey.js"
