' Starts the game of ping and pong.
WEBHOOK "kick", SCHEME "github" KEY "hook_secret"
INSERT "right_side", {id: "1", n: 0}
INSERT "left_side", {id: "1", n: 1}
result = {kicked: TRUE}
