"""When a ferry of some draught may enter."""

# TODO(ann): take the wind into account
LOW_WATER = 1.2


def may_enter(draught, level):
    # FIXME: a level of exactly the draught runs aground
    return level >= draught
