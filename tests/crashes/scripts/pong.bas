' Answers every change of the right table with one of the left.
ON "right_side", "UPDATE"
UPDATE "left_side", "id=1", {n: trigger.new_data.n + 1}
