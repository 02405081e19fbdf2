"""Names of the vocabulary as types, for the schemas of scenarios and definition sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from nephrosyn import vocabulary

if TYPE_CHECKING:  # a type checker cannot evaluate the vocabulary
    Action: TypeAlias = str
    Agent: TypeAlias = str
    AgentToxicity: TypeAlias = str
    Contraindication: TypeAlias = str
    Lesion: TypeAlias = str
    Occasion: TypeAlias = str
    RemissionCause: TypeAlias = str
    Supportive: TypeAlias = str
    Toxicity: TypeAlias = str
else:
    Action = Literal[vocabulary.STEROID_ACTIONS]
    Agent = Literal[vocabulary.AGENTS]
    AgentToxicity = Literal[vocabulary.AGENT_TOXICITIES_BY_TIME]
    Contraindication = Literal[vocabulary.CONTRAINDICATIONS]
    Lesion = Literal[vocabulary.LESIONS]
    Occasion = Literal[vocabulary.STARTS]
    RemissionCause = Literal[vocabulary.REMISSION_CAUSES]
    Supportive = Literal[vocabulary.SUPPORTIVE]
    Toxicity = Literal[vocabulary.TOXICITIES]
