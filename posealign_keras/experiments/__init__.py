"""The paper's five settings, from converted records to a table."""

from posealign_keras.experiments.run_setting import run_setting
from posealign_keras.experiments.setting import Setting
from posealign_keras.experiments.setting_result import SettingResult
from posealign_keras.experiments.settings import SETTINGS, get_setting
from posealign_keras.experiments.target_test import TargetTest
from posealign_keras.experiments.training_plan import PAPER_RECIPE, TrainingPlan

__all__ = [
    "PAPER_RECIPE",
    "SETTINGS",
    "Setting",
    "SettingResult",
    "TargetTest",
    "TrainingPlan",
    "get_setting",
    "run_setting",
]
