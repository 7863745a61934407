import { render } from "preact";
import { App } from "./app/app";
import { start } from "./app/open_models";
import { readFromAddress } from "./app/route";
import { readEmbedded } from "./lib/embedded";
import { remembered } from "./lib/remembered";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/frame.css";
import "./styles/tree.css";
import "./styles/two_trees.css";
import "./styles/edits.css";
import "./styles/table.css";
import "./styles/lists.css";
import "./styles/inspector.css";
import "./styles/search.css";
import "./styles/dialogs.css";
import "./styles/graph.css";
import "./styles/palette.css";
import "./styles/graph_diff.css";
import "./styles/narrow.css";

const theme = remembered("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
const place = document.getElementById("app");
if (place)
  void readEmbedded().then(() => {
    readFromAddress();
    place.replaceChildren();
    render(<App />, place);
    start();
  });
