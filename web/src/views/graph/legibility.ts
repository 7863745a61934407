// How small text may be on the screen, and the scales of the drawing that follow from it.

const SMALLEST_TEXT = 9; // px on the screen that can be read
const [NAME_TEXT, SMALL_TEXT] = [12, 11]; // px in the drawing, as the style sheet has them

export const LEGIBLE_SCALE = (SMALLEST_TEXT + 0.05) / SMALL_TEXT; // all text can be read
export const SMALLEST_SCALE = (SMALLEST_TEXT + 0.05) / NAME_TEXT; // names can be read; smaller text is left out
